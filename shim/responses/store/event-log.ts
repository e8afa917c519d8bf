/** What has been told so far, for readers who come when they come: each reads at its own pace, and none holds up another. */
export class EventLog<T> {
  readonly #events: T[] = [];
  #isOver = false;
  #more = Promise.withResolvers<void>();

  push(event: T): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  get events(): readonly T[] {
    return this.#events;
  }

  /** The events from that index on, those to come included. Ends with the log, or when `signal` is aborted. */
  async *from(start: number, signal: AbortSignal): AsyncGenerator<T, void, void> {
    for (let at = start; ; at++) {
      while (at >= this.#events.length) {
        if (this.#isOver) return;
        await untilAborted(this.#more.promise, signal);
      }
      yield this.#events[at] as T;
    }
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
