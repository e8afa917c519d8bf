import { createKeyCheck } from "../../clients/api-keys.ts";
import type { ShimMiddleware } from "../context.ts";
import { probes } from "../probes.ts";

/** Probes and scrapers have no key, and the pages that say how to call are for those who have none yet. */
const open: ReadonlySet<string> = new Set([...probes, "/", "/docs", "/openapi.json"]);

/** Lets a request pass that carries one of `keys`; without keys, every request. */
export function auth(keys: readonly string[]): ShimMiddleware {
  const check = createKeyCheck(keys);
  return async (ctx, next) => {
    if (!open.has(ctx.path)) check((name) => ctx.get(name));
    await next();
  };
}
