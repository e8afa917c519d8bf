import type { ShimMiddleware } from "../context.ts";

const methods = "GET, HEAD, POST, DELETE, OPTIONS";
/** Browsers hide every other header of ours from a page. */
const exposed = "x-request-id, request-id, openai-processing-ms, warning, retry-after, retry-after-ms, x-should-retry";
const maxAgeSeconds = 600;

/** Lets pages of `origins` (`*`: all) call, and answers their preflights. Without origins it does nothing. */
export function cors(origins: readonly string[]): ShimMiddleware {
  const all = origins.includes("*");
  return async (ctx, next) => {
    const origin = ctx.get("origin");
    if (origins.length > 0 && origin !== "") ctx.vary("origin");
    if (origin === "" || (!all && !origins.includes(origin))) {
      await next();
      return;
    }
    ctx.set("access-control-allow-origin", all ? "*" : origin);
    if (ctx.method === "OPTIONS" && ctx.get("access-control-request-method") !== "") {
      ctx.set("access-control-allow-methods", methods);
      // SDKs add headers of their own in every release, so what is asked for is allowed.
      ctx.set(
        "access-control-allow-headers",
        ctx.get("access-control-request-headers") || "authorization, content-type",
      );
      ctx.set("access-control-max-age", String(maxAgeSeconds));
      ctx.vary("access-control-request-headers");
      ctx.status = 204;
      return;
    }
    ctx.set("access-control-expose-headers", exposed);
    await next();
  };
}
