import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { errorType } from "../../clients/tracing/tracer.ts";
import type { ShimContext, ShimMiddleware } from "../context.ts";
import type { FindDialect } from "../dialect/find-dialect.ts";
import { type ErrorFacts, errorFacts, HttpError } from "../dialect/error-facts.ts";

/** Answers whatever the routes throw, in the path's own shape. The one place where an error becomes a response. */
export function errors(findDialect: FindDialect): ShimMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const facts = noteError(ctx, thrown);
      if (ctx.headerSent || !ctx.writable) return;
      const { error } = findDialect(ctx.path, (name) => ctx.get(name));
      const { status, body } = error(facts, ctx.state.requestId);
      ctx.state.summary.status = status;
      ctx.status = status;
      ctx.set(facts.headers);
      ctx.body = body;
    }
  };
}

/**
 * What may be told of an error, noted in the request's summary. A bug is logged whole, with the request's id; its caller
 * learns no more than that there was one. After an abort the signal's reason counts, whatever came of it.
 */
export function noteError(ctx: ShimContext, thrown: unknown): ErrorFacts {
  const { signal, summary, log } = ctx.state;
  const error: unknown = signal?.aborted ? signal.reason : ctx.res.destroyed ? thrown : notByClient(thrown);
  const facts = errorFacts(error);
  summary.status = facts.status;
  summary.errorCode = facts.code ?? errorType(error);
  if (facts.param !== null && facts.param !== undefined) summary.errorParam = facts.param;
  if (isExpected(error)) {
    if (facts.status >= 500) log.warn({ err: error }, "a request failed");
  } else log.error({ err: error }, "a request failed with an internal error (a bug)");
  return facts;
}

/** A call that was cancelled while its client is still there did not end by the client's will: it may be tried again. */
function notByClient(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.reason !== ErrorReason.CANCELLED) return error;
  return new RpcError(ErrorReason.WORKER_LOST, "the call was cancelled before it was answered", { cause: error });
}

/** Errors that were made for the caller; INTERNAL is a bug too, only one of the service's. */
function isExpected(error: unknown): boolean {
  return error instanceof HttpError || (error instanceof RpcError && error.reason !== ErrorReason.INTERNAL);
}
