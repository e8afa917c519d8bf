/** A running call's messages, as an object-mode Readable that emits `error` when the call ends badly. */
export interface MessageSource {
  /** The next message that has arrived, or null. */
  read(): unknown;
  on(event: "readable" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  /** Ends the call with CANCELLED; nothing happens when it has ended. */
  cancel(): void;
}

export interface ReadStreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the reader of the stream gets for what the source emits as `error`. */
  readonly toError: (error: unknown) => unknown;
}

type Outcome = { readonly kind: "complete" } | { readonly kind: "failed"; readonly error: unknown };

/**
 * A call's messages as an async iterable that can be read once. The call is opened by the first `next()` and read only
 * as fast as it is iterated. `break`, `return()` (also while a `next()` waits, which then ends) and the signal cancel
 * the call at once; after an abort `next()` throws the signal's reason, whatever had arrived.
 */
export function readStream<T>(
  open: () => MessageSource,
  options: ReadStreamOptions,
): AsyncIterableIterator<T, void, void> {
  let source: MessageSource | undefined;
  let left = false;
  const leave = () => {
    left = true;
    source?.cancel();
  };
  const messages = read<T>(
    () => (source = open()),
    options,
    () => left,
  );
  return {
    next: () => messages.next(),
    return() {
      leave();
      return messages.return();
    },
    throw(error: unknown) {
      leave();
      return messages.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* read<T>(
  open: () => MessageSource,
  { signal, toError }: ReadStreamOptions,
  left: () => boolean,
): AsyncGenerator<T, void, void> {
  signal?.throwIfAborted();
  const source = open();
  let outcome: Outcome | undefined;
  let wake = () => {};
  const endWith = (end: Outcome) => {
    outcome ??= end;
    wake();
  };
  source.on("readable", () => wake());
  source.on("end", () => endWith({ kind: "complete" }));
  // Stays for good: the library emits an error for the cancel below too, and one without a listener ends the process.
  source.on("error", (error) => endWith({ kind: "failed", error: toError(error) }));
  const abort = () => {
    source.cancel();
    wake();
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (left()) return;
      const message = source.read();
      if (message !== null) yield message as T;
      else if (outcome?.kind === "failed") throw outcome.error;
      else if (outcome) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    source.cancel();
  }
}
