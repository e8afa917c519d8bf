/** Where a stream's messages go: the writable side of a call. */
export interface MessageSink {
  /** Takes a message; false: take no more before `drain`. */
  write(message: Buffer): boolean;
  once(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
}

export interface PumpOptions<T> {
  readonly encode: (message: T) => Buffer;
  readonly signal: AbortSignal;
  readonly stallTimeoutMs: number;
  /** The reader has taken nothing for stallTimeoutMs: aborts `signal`. */
  readonly stalled: () => void;
}

/**
 * Writes a stream's messages one by one, no faster than the sink takes them, until the stream ends. The signal's abort
 * throws its reason, as soon as the stream's own waiting is over. Whatever happens, the stream's `return()` has run
 * when this ends, unless the stream ended by itself.
 */
export async function pump<T>(stream: AsyncIterable<T>, sink: MessageSink, options: PumpOptions<T>): Promise<void> {
  const { encode, signal } = options;
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
      if (!sink.write(encode(next.value))) await drained(sink, options);
    }
  } catch (error) {
    await leave();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves on `drain`, or rejects with the signal's reason: after a cancel there is no `drain` to wait for. */
function drained(sink: MessageSink, { signal, stallTimeoutMs, stalled }: PumpOptions<never>): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      clearTimeout(timer);
      sink.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onDrain = settle(resolve);
    const onAbort = settle(() => reject(signal.reason));
    const timer = setTimeout(stalled, stallTimeoutMs);
    sink.once("drain", onDrain);
    signal.addEventListener("abort", onAbort);
  });
}
