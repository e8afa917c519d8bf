import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { context as otel } from "@opentelemetry/api";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { GrpcStatus } from "../../clients/grpc-status.ts";
import { createCallContext, type CallContext, type ServerCall } from "./call-context.ts";
import { resetStream, takeDeadline } from "./grpc-internals.ts";
import { startServerSpan } from "./server-span.ts";
import { rpcErrorFromUnknown, statusFromError, type WireStatus } from "./status.ts";

/** What the calls of one server share. */
export interface CallRuntime {
  /** How long a reader may leave everything unread before its call is cut off. */
  readonly stallTimeoutMs: number;
  readonly onBug: (error: unknown, context: CallContext) => void;
  readonly hooks: readonly CallHook[];
  /** Aborted when the server begins to close, which also refuses calls. */
  readonly closing: AbortSignal;
  /** The calls whose handler has not ended: the server's to wait for and to abort. */
  readonly running: Set<RunningCall>;
}

/**
 * Sees every call before its handler. May refuse it by throwing an RpcError; what it returns is told how the call ended.
 */
export type CallHook = (context: CallContext) => ((end: CallEnd) => void) | undefined;

export interface CallEnd {
  readonly status: GrpcStatus;
  /** Unset: the call ended well. */
  readonly error?: RpcError;
}

export interface RunningCall {
  abort(reason: RpcError): void;
  /** Settles, and never rejects, when the handler has ended, which may be after its call. */
  readonly ended: Promise<void>;
}

/** How one kind of call answers. Each of a call's ways to end is used once, and none after the caller has left. */
export interface Reply {
  succeed(): void;
  fail(status: StatusObject): void;
}

export interface CallWork {
  readonly context: CallContext;
  /** Ends the call because its reader does not read. */
  readonly stalled: () => void;
}

/** At least so much of a large answer is read per second by anyone who reads at all. */
const slowestBytesPerMs = 64;

/**
 * Runs a handler's work for a call from the first byte to the last: context, deadline, span, hooks, and exactly one
 * answer. The signal's abort answers at once; the work may take longer to end, and counts as running until it has.
 * `work` returns how many bytes it left to be sent.
 */
export function runCall(
  call: ServerCall,
  { method, reply, runtime }: { method: string; reply: Reply; runtime: CallRuntime },
  work: (work: CallWork) => Promise<number>,
): void {
  const controller = new AbortController();
  const { signal } = controller;
  const deadline = takeDeadline(call);
  const context = createCallContext(call, { method, signal, closing: runtime.closing, deadline });
  const span = startServerSpan(context);
  const observers: ((end: CallEnd) => void)[] = [];
  let deadlineTimer: NodeJS.Timeout | undefined;
  let lingerTimer: NodeJS.Timeout | undefined;
  let answered = false;
  let gone = false;

  const report = (bug: unknown): void => {
    try {
      runtime.onBug(bug, context);
    } catch {
      // A log that fails must not take the call with it.
    }
  };
  const answer = (error?: RpcError, unsentBytes = 0): void => {
    if (answered) return;
    answered = true;
    clearTimeout(deadlineTimer);
    const status = error && statusFromError(error);
    if (!gone) {
      if (status) reply.fail({ ...status, metadata: trailersOf(status, context) });
      else reply.succeed();
      // The answer may lie behind messages that nobody reads; the library would keep them, and the call, for ever.
      const lingerMs = runtime.stallTimeoutMs + unsentBytes / slowestBytesPerMs;
      lingerTimer = setTimeout(() => resetStream(call), lingerMs).unref();
    }
    const code = status?.code ?? GrpcStatus.OK;
    span.end(code);
    for (const observe of observers) {
      try {
        observe({ status: code, ...(error && { error }) });
      } catch (bug) {
        report(bug);
      }
    }
  };
  signal.addEventListener("abort", () => answer(signal.reason as RpcError), { once: true });
  // The library says `cancelled` at the end of every call, of those that ended well too.
  call.on("cancelled", () => {
    gone = true;
    clearTimeout(lingerTimer);
    if (!answered) controller.abort(new RpcError(ErrorReason.CANCELLED, "the caller cancelled the call or went away"));
  });
  if (deadline !== undefined) {
    const expire = () => controller.abort(new RpcError(ErrorReason.DEADLINE, "the call's deadline has passed"));
    deadlineTimer = setTimeout(expire, Math.max(deadline - Date.now(), 0));
  }
  const stalled = () => {
    const message = `the caller read nothing for ${runtime.stallTimeoutMs} ms`;
    controller.abort(new RpcError(ErrorReason.RATE_LIMITED, message));
    resetStream(call);
  };

  const handle = async (): Promise<void> => {
    try {
      if (runtime.closing.aborted) throw runtime.closing.reason;
      for (const hook of runtime.hooks) {
        const observe = hook(context);
        if (observe) observers.push(observe);
      }
      const unsentBytes = await work({ context, stalled });
      answer(undefined, unsentBytes);
    } catch (error) {
      const expected = error instanceof RpcError || (signal.aborted && isAbortError(error));
      if (!expected) report(error);
      answer(rpcErrorFromUnknown(error));
    }
  };
  const running: RunningCall = {
    abort: (reason) => {
      if (!answered) controller.abort(reason);
    },
    ended: otel.with(span.context, handle).finally(() => runtime.running.delete(running)),
  };
  runtime.running.add(running);
}

function trailersOf({ detailsBin }: WireStatus, { requestId }: CallContext): Metadata {
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(detailsBin));
  trailers.set("x-request-id", requestId);
  return trailers;
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
