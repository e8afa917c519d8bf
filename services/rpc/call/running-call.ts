import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { context as otel } from "@opentelemetry/api";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import { createCallContext, type CallContext, type ServerCall } from "./call-context.ts";
import { resetStream, takeDeadline } from "../grpc-internals.ts";
import { startServerSpan, type ServerSpan } from "./server-span.ts";
import { rpcErrorFromUnknown, statusFromError, type WireStatus } from "./status.ts";

/** What the calls of one server share. */
export interface CallRuntime {
  /** How long a reader may take nothing before its call is cut off; undefined: for ever. */
  readonly stallTimeoutMs: number | undefined;
  readonly onBug: (error: unknown, context: CallContext) => void;
  readonly hooks: readonly CallHook[];
  /** A call's headers are on their way before its handler begins. */
  readonly acknowledges: boolean;
  /** Aborted when the server begins to close, which also refuses calls. */
  readonly closing: AbortSignal;
  /** The calls whose handler has not ended: the server's to wait for and to abort. */
  readonly running: Set<RunningCall>;
}

/** Sees every call before its handler. May refuse it by throwing an RpcError; what it returns is told the end, once. */
export type CallHook = (context: CallContext) => ((end: CallEnd) => void) | undefined;

export interface CallEnd {
  readonly status: GrpcStatus;
  /** Unset: the call ended well. */
  readonly error?: RpcError;
}

/** How one kind of call answers: one of the two, once, and neither after the caller has left. */
export interface Reply {
  succeed(trailers: Metadata): void;
  fail(status: StatusObject): void;
}

export interface RunningCallOptions {
  /** `package.Service/Method`. */
  readonly method: string;
  readonly reply: Reply;
  readonly runtime: CallRuntime;
}

/** A handler at work on a call. Resolves to how many bytes it left to be sent. */
export type CallWork = (running: RunningCall) => Promise<number>;

/** More than most calls are on their way. */
const wayMs = 50;
/** Whoever reads at all reads at least this much of a large answer: 4 kB/s. */
const slowestBytesPerMs = 4;

/**
 * A call from its first byte to its last: context, deadline, span, hooks, and exactly one answer. An abort answers at
 * once; the handler may take longer to end, and counts as running until it has.
 */
export class RunningCall {
  readonly context: CallContext;
  /** Settles, and never rejects, when the handler has ended, which may be after the call. */
  readonly ended: Promise<void>;
  readonly #call: ServerCall;
  readonly #reply: Reply;
  readonly #runtime: CallRuntime;
  readonly #span: ServerSpan;
  readonly #controller = new AbortController();
  readonly #trailers = new Metadata();
  readonly #observers: ((end: CallEnd) => void)[] = [];
  readonly #deadlineTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #answered = false;
  #gone = false;

  constructor(call: ServerCall, { method, reply, runtime }: RunningCallOptions, work: CallWork) {
    const { signal } = this.#controller;
    const deadline = takeDeadline(call);
    this.context = createCallContext(call, {
      method,
      signal,
      closing: runtime.closing,
      deadline,
      trailers: this.#trailers,
    });
    this.#call = call;
    this.#reply = reply;
    this.#runtime = runtime;
    this.#span = startServerSpan(this.context);
    if (deadline !== undefined) {
      const expire = () => this.abort(deadlinePassed());
      this.#deadlineTimer = setTimeout(expire, Math.max(deadline - Date.now(), 0));
    }
    call.on("cancelled", () => this.#over());
    runtime.running.add(this);
    this.ended = otel.with(this.#span.context, () => this.#handle(work)).finally(() => runtime.running.delete(this));
  }

  /** Ends the call with an error, unless it has its answer already. */
  abort(reason: RpcError): void {
    if (this.#answered) return;
    this.#answer(reason);
    this.#controller.abort(reason);
  }

  /** A message has left for its reader, perhaps one of an answer that has ended here. */
  sent(): void {
    this.#lingerTimer?.refresh();
  }

  /** Ends the call because its reader does not read. */
  cutOff(): void {
    const message = `the caller read nothing for ${(this.#runtime.stallTimeoutMs ?? 0) / 1000} s`;
    this.abort(new RpcError(ErrorReason.RATE_LIMITED, message));
    // The status would wait behind what is not read.
    resetStream(this.#call);
  }

  async #handle(work: CallWork): Promise<void> {
    const { closing, hooks } = this.#runtime;
    try {
      if (closing.aborted) throw closing.reason;
      for (const hook of hooks) {
        const observe = hook(this.context);
        if (observe) this.#observers.push(observe);
      }
      this.#answer(undefined, await work(this));
    } catch (error) {
      const expected = error instanceof RpcError || (this.context.signal.aborted && isAbortError(error));
      if (!expected) this.#report(error);
      this.#answer(rpcErrorFromUnknown(error));
    }
  }

  #answer(error: RpcError | undefined, unsentBytes = 0): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#deadlineTimer);
    const status = error && statusFromError(error);
    if (!this.#gone) {
      if (status) this.#reply.fail({ ...status, metadata: trailersOf(status, this.context) });
      else this.#reply.succeed(this.#trailers);
      this.#linger(unsentBytes);
    }
    this.#observed({ status: status?.code ?? GrpcStatus.OK, ...(error && { error }) });
  }

  /** The answer may lie behind messages that nobody reads; the library would keep them, and the call, for ever. */
  #linger(unsentBytes: number): void {
    const { stallTimeoutMs } = this.#runtime;
    if (stallTimeoutMs === undefined) return;
    const lingerMs = stallTimeoutMs + unsentBytes / slowestBytesPerMs;
    this.#lingerTimer = setTimeout(() => resetStream(this.#call), lingerMs).unref();
  }

  #observed(end: CallEnd): void {
    this.#span.end(end.status);
    for (const observe of this.#observers) {
      try {
        observe(end);
      } catch (bug) {
        this.#report(bug);
      }
    }
  }

  /** The library says `cancelled` at the end of every call, of those that ended well too. */
  #over(): void {
    this.#gone = true;
    clearTimeout(this.#lingerTimer);
    // An error costs its stack, and a call that ended well needs none.
    if (this.#answered) return;
    this.abort(
      this.#isDue()
        ? deadlinePassed()
        : new RpcError(ErrorReason.CANCELLED, "the caller cancelled the call or went away"),
    );
  }

  /** A caller's clock for the deadline is ahead of ours by the way of its call, so that it leaves first, with a cancel. */
  #isDue(): boolean {
    const { deadline } = this.context;
    return deadline !== undefined && Date.now() >= deadline - wayMs;
  }

  #report(bug: unknown): void {
    try {
      this.#runtime.onBug(bug, this.context);
    } catch {
      // A log that fails must not take the call with it.
    }
  }
}

function deadlinePassed(): RpcError {
  return new RpcError(ErrorReason.DEADLINE, "the call's deadline has passed");
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
