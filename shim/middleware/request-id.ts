import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ShimMiddleware } from "../context.ts";

/** What an id of a caller's may look like: it ends up in headers and logs, gRPC's too. */
const wellFormed = /^[\w.:/+=@-]{1,128}$/;

/**
 * Begins a request: gives it an id (the caller's `x-request-id` if it is well-formed), a logger that names it, and the
 * headers that SDKs show: `x-request-id`, `request-id`, and `openai-processing-ms` until the headers are sent.
 */
export function requestId(logger: Logger): ShimMiddleware {
  return async (ctx, next) => {
    const given = ctx.get("x-request-id");
    const id = wellFormed.test(given) ? given : `req_${randomUUID().replaceAll("-", "")}`;
    Object.assign(ctx.state, {
      requestId: id,
      startedAt: performance.now(),
      log: logger.child({ requestId: id }),
      summary: {},
    });
    // Anthropic's SDKs know it by the second name.
    ctx.set({ "x-request-id": id, "request-id": id });
    await next();
    setProcessingTime(ctx);
  };
}

/** To be called by whoever sends the headers before the middleware is left. */
export function setProcessingTime(ctx: Parameters<ShimMiddleware>[0]): void {
  if (!ctx.headerSent) ctx.set("openai-processing-ms", String(Math.round(performance.now() - ctx.state.startedAt)));
}
