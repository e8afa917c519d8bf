import { createHash } from "node:crypto";
import { createKeyCheck } from "../../clients/api-keys.ts";
import { probes, type ShimContext, type ShimMiddleware } from "../context.ts";

/** Probes and scrapers have no key, and the pages that say how to call are for those who have none yet. */
const open: ReadonlySet<string> = new Set([...probes, "/", "/docs", "/openapi.json", "/icon.svg"]);
/** What those pages are made of. */
const assets = "/assets/";

/** Lets a request pass that carries one of `keys`; without keys, every request. */
export function auth(keys: readonly string[]): ShimMiddleware {
  const check = createKeyCheck(keys);
  return async (ctx, next) => {
    if (!open.has(ctx.path) && !ctx.path.startsWith(assets)) check((name) => ctx.get(name));
    ctx.state.caller = callerOf(ctx);
    await next();
  };
}

/** Keys themselves are kept nowhere but in the settings. */
function callerOf(ctx: ShimContext): string {
  return createHash("sha256")
    .update(JSON.stringify([ctx.get("authorization"), ctx.get("x-api-key")]))
    .digest("hex");
}
