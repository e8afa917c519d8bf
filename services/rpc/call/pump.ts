import type { DescMessage } from "@bufbuild/protobuf";

/** Where a stream's messages go: the writable side of a call. */
export interface MessageSink<M = Buffer> {
  /** Takes a message, and calls `sent` when it is on its way; false: take no more before `drain`. */
  write(message: M, sent: () => void): boolean;
  once(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
}

export interface PumpOptions<T, M = Buffer> {
  readonly encode: (message: T) => M;
  readonly signal: AbortSignal;
  /** Told of each message that the reader has made room for. */
  readonly onSent: () => void;
  /** Undefined: the reader may take any time. */
  readonly stallTimeoutMs: number | undefined;
  /** The reader has made room for nothing for stallTimeoutMs: aborts `signal`. */
  readonly onStall: () => void;
}

/**
 * Writes a stream's messages one by one, no faster than the sink takes them, until the stream ends. The signal's abort
 * throws its reason, as soon as the stream's own waiting is over. Whatever happens, the stream's `return()` has run
 * when this ends, unless the stream ended by itself.
 */
export async function pump<T, M>(
  stream: AsyncIterable<T>,
  sink: MessageSink<M>,
  options: PumpOptions<T, M>,
): Promise<void> {
  const { encode, signal, onSent } = options;
  const stall = new StallTimer(options);
  const sent = () => {
    stall.restart();
    onSent();
  };
  const iterator = stream[Symbol.asyncIterator]();
  let leaving: Promise<unknown> | undefined;
  const leave = () => (leaving ??= Promise.resolve(iterator.return?.()));
  // A generator looks at this only when its own waiting is over, but a stream of another kind may end its waiting.
  const abort = () => void leave().catch(() => {});
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await iterator.next();
      signal.throwIfAborted();
      if (next.done) return;
      if (sink.write(encode(next.value), sent)) continue;
      stall.start();
      await drained(sink, signal);
      stall.stop();
    }
  } catch (error) {
    await leave();
    throw error;
  } finally {
    stall.stop();
    signal.removeEventListener("abort", abort);
  }
}

/** Runs while messages wait for their reader, who begins it anew with each that it takes. */
class StallTimer {
  readonly #options: Pick<PumpOptions<never>, "stallTimeoutMs" | "onStall">;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Pick<PumpOptions<never>, "stallTimeoutMs" | "onStall">) {
    this.#options = options;
  }

  start(): void {
    const { stallTimeoutMs, onStall } = this.#options;
    if (stallTimeoutMs !== undefined) this.#timer = setTimeout(onStall, stallTimeoutMs);
  }

  restart(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Resolves on `drain`, or rejects with the signal's reason: after a cancel there is no `drain` to wait for. */
function drained<M>(sink: MessageSink<M>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      sink.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onDrain = settle(resolve);
    const onAbort = settle(() => reject(signal.reason));
    sink.once("drain", onDrain);
    signal.addEventListener("abort", onAbort);
  });
}

/** A message in its wire form, which a stream's handler may yield in the place of the message itself: it is sent as it is. */
export class EncodedMessage<Desc extends DescMessage = DescMessage> {
  readonly schema: Desc;
  readonly bytes: Uint8Array;

  constructor(schema: Desc, bytes: Uint8Array) {
    this.schema = schema;
    this.bytes = bytes;
  }
}
