import { RpcError } from "../../../clients/errors.ts";

/** Keys and results together, in bytes, about. */
const maxBytes = 32 * 1024 * 1024;

interface Entry<T> {
  readonly promise: Promise<T>;
  readonly bytes: () => number;
  /** Ends the work when no request is waiting for it any more; a no-op when it is done. */
  readonly leave: () => void;
  join(): void;
}

/** Results by key, of which the latest are kept. Who asks for one that is being made waits for the same; refusals are kept too. */
export class RecentResults<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #bytesOf: (result: T) => number;

  constructor(bytesOf: (result: T) => number) {
    this.#bytesOf = bytesOf;
  }

  /** Aborting `signal` ends the wait with its reason; the signal that `make` gets is aborted when all have left. */
  async get(key: string, signal: AbortSignal, make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const entry = this.#entries.get(key) ?? this.#begin(key, make);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.join();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([entry.promise, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
      entry.leave();
      this.#evict();
    }
  }

  #begin(key: string, make: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const controller = new AbortController();
    let bytes = 0;
    let waiting = 0;
    let isDone = false;
    const promise = make(controller.signal).then(
      (result) => {
        isDone = true;
        bytes = this.#bytesOf(result);
        return result;
      },
      (error: unknown) => {
        isDone = true;
        // A refusal is one each time; anything else may go better the next time.
        if (!(error instanceof RpcError) || error.retryAfterMs !== undefined) this.#forget(key, entry);
        throw error;
      },
    );
    const entry: Entry<T> = {
      promise,
      bytes: () => bytes + key.length,
      join: () => void waiting++,
      leave: () => {
        if (--waiting > 0 || isDone) return;
        this.#forget(key, entry);
        controller.abort(new Error("no request is waiting for it any more"));
      },
    };
    // All who wait may have left.
    promise.catch(() => {});
    return entry;
  }

  #forget(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  #evict(): void {
    let bytes = 0;
    for (const [key, entry] of [...this.#entries].reverse()) {
      bytes += entry.bytes();
      if (bytes > maxBytes) this.#entries.delete(key);
    }
  }
}
