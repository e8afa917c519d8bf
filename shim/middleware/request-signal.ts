import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { ShimMiddleware } from "../context.ts";
import { type Lifecycle, shuttingDown } from "../lifecycle.ts";
import { probes } from "../probes.ts";

/**
 * Gives each request the signal that ends its work: aborted when the client leaves before it has the whole answer, or
 * when the server ends. A draining server takes no new requests.
 */
export function requestSignal(lifecycle: Lifecycle): ShimMiddleware {
  return async (ctx, next) => {
    const gone = new AbortController();
    const onClose = () => {
      if (!ctx.res.writableFinished) gone.abort(new RpcError(ErrorReason.CANCELLED, "the client left"));
    };
    const onEnd = () => gone.abort(lifecycle.endSignal.reason);
    if (lifecycle.endSignal.aborted) onEnd();
    lifecycle.endSignal.addEventListener("abort", onEnd, { once: true });
    ctx.res.once("close", onClose);
    ctx.state.signal = gone.signal;
    if (lifecycle.draining) ctx.set("connection", "close");
    try {
      if (lifecycle.draining && !probes.has(ctx.path)) throw shuttingDown();
      await next();
    } finally {
      lifecycle.endSignal.removeEventListener("abort", onEnd);
    }
  };
}
