import type { ShimMiddleware } from "../context.ts";

/**
 * Makes the path that a client sent the one of a route, for everything below: without `prefix` (a proxy may strip it or
 * not, and probes go past it), without doubled and trailing slashes, and with `/v1` where the route has it: base URLs are
 * written in all of these ways. `isRoute` says whether something is served at a path; an unknown one only loses slashes.
 */
export function canonicalPath(prefix: string, isRoute: (path: string) => boolean): ShimMiddleware {
  return async (ctx, next) => {
    const path = withoutPrefix(ctx.path.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1"), prefix);
    const bare = path.replace(/^(\/v1)+(?=\/)/, "");
    ctx.path = [path, `/v1${bare}`, bare].find(isRoute) ?? path;
    await next();
  };
}

function withoutPrefix(path: string, prefix: string): string {
  const isUnder = prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`));
  return isUnder ? path.slice(prefix.length) || "/" : path;
}
