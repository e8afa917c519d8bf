import type { ShimMiddleware } from "../context.ts";

/**
 * Serves everything under `rootPath` too. The bare paths go on: a proxy may strip the prefix, and probes go past it.
 */
export function rootPath(prefix: string): ShimMiddleware {
  return async (ctx, next) => {
    const { path } = ctx;
    if (prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`)))
      ctx.path = path.slice(prefix.length) || "/";
    await next();
  };
}
