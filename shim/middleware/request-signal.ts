import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { probes, type ShimMiddleware } from "../context.ts";
import { type Lifecycle, shuttingDown } from "../lifecycle.ts";
import { watchReader } from "../watch-reader.ts";

export interface RequestSignalOptions {
  readonly lifecycle: Lifecycle;
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly stallTimeoutMs: number;
}

/**
 * Gives each request the signal that ends its work: aborted when the client leaves before it has the whole answer, when
 * it has stopped reading, or when the server ends. The error of a client that stopped waits for it as long again; then
 * its connection is cut. A draining server takes no new requests.
 */
export function requestSignal({ lifecycle, stallTimeoutMs }: RequestSignalOptions): ShimMiddleware {
  return async (ctx, next) => {
    const gone = new AbortController();
    const onClose = () => {
      if (!ctx.res.writableFinished) gone.abort(new RpcError(ErrorReason.CANCELLED, "the client left"));
    };
    const onEnd = () => gone.abort(lifecycle.endSignal.reason);
    if (lifecycle.endSignal.aborted) onEnd();
    lifecycle.endSignal.addEventListener("abort", onEnd, { once: true });
    const stopWatching = watchReader(ctx.res, {
      stallTimeoutMs,
      onStall() {
        if (gone.signal.aborted) ctx.res.destroy();
        const message = `the client took nothing of its answer for ${stallTimeoutMs / 1_000} s`;
        gone.abort(new RpcError(ErrorReason.CANCELLED, message));
      },
    });
    ctx.res.once("close", () => {
      onClose();
      stopWatching();
    });
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
