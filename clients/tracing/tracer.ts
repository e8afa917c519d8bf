import {
  context,
  INVALID_SPAN_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
} from "@opentelemetry/api";
import { ErrorReason, RpcError } from "../errors.ts";
import { attr } from "./names.ts";

/** The tracer of everything here: it makes spans that are dropped at no cost until startTracing was called. */
export function tracer(): Tracer {
  return trace.getTracer("tokenwire");
}

/**
 * Starts the span of a call of `method`. That of a probe is none: they come every few seconds, and nobody's request is
 * behind them.
 */
export function startRpcSpan(method: string, options: SpanOptions, parent: Context): Span {
  return method.startsWith(probes) ? trace.wrapSpanContext(INVALID_SPAN_CONTEXT) : startSpan(method, options, parent);
}

const probes = "grpc.health.v1.Health/";

/** Starts a span under `parent` (unset: the active one). The caller ends it. */
export function startSpan(name: string, options?: SpanOptions, parent: Context = context.active()): Span {
  return tracer().startSpan(name, options, parent);
}

/** A context in which `span` is the active one. */
export function contextWith(span: Span, parent: Context = context.active()): Context {
  return trace.setSpan(parent, span);
}

/** Runs `work` inside a span of its own, which ends with it and records what it throws. */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, options);
  try {
    return await context.with(contextWith(span), work, undefined, span);
  } catch (error) {
    recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * A stream inside a span of its own: from the first `next()` to the end, the failure or the reader's leaving. What
 * `work` does sees the span as the active one in every `next()`, whoever calls it.
 */
export async function* streamWithSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => AsyncIterable<T>,
  parent: Context = context.active(),
): AsyncGenerator<T, void, void> {
  const span = startSpan(name, options, parent);
  try {
    yield* bindIterable(contextWith(span, parent), () => work(span));
  } catch (error) {
    recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * A stream whose `next`, `return` and `throw` all run in `bound`. A generator that is merely made inside `context.with`
 * runs its body in the context of whoever calls `next()`.
 */
export function bindIterable<T>(bound: Context, open: () => AsyncIterable<T>): AsyncIterableIterator<T, void, void> {
  const iterator = context.with(bound, () => open()[Symbol.asyncIterator]());
  return {
    next: () => context.with(bound, () => iterator.next()),
    return: async () => {
      await context.with(bound, async () => iterator.return?.());
      return { done: true, value: undefined };
    },
    throw: (error: unknown) =>
      context.with(bound, async () => {
        if (!iterator.throw) throw error;
        return iterator.throw(error);
      }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Marks a span as failed. The message is not recorded: it may quote what a user wrote. */
export function recordError(span: Span, error: unknown): void {
  span.setAttribute(attr.errorType, errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The reason of an RpcError by name, the class of anything else. */
export function errorType(error: unknown): string {
  if (error instanceof RpcError) return reasonNames.get(error.reason) ?? "INTERNAL";
  return error instanceof Error ? error.name : typeof error;
}

const reasonNames = new Map<number, string>(Object.entries(ErrorReason).map(([name, value]) => [value, name]));
