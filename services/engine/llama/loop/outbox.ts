interface Reader<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A queue between the step loop, which pushes and never waits, and one reader. The loop looks at `size` and leaves out
 * sequences whose reader is behind, so it stays bounded without holding anybody else up.
 */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #onTaken: () => void;
  readonly #items: T[] = [];
  #waiting: Reader<T> | undefined;
  #end: { readonly error?: unknown } | undefined;

  /** @param onTaken called when the reader took the last item */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#end !== undefined) return;
    if (this.#waiting === undefined) this.#items.push(item);
    else this.#settle(({ resolve }) => resolve({ value: item, done: false }));
  }

  /** Ends the iteration after what was pushed. */
  end(): void {
    if (this.#end !== undefined) return;
    this.#end = {};
    if (this.#items.length === 0) this.#settle(({ resolve }) => resolve({ value: undefined, done: true }));
  }

  /** Ends the iteration with an error at once: what was pushed and not read is dropped. */
  fail(error: unknown): void {
    if (this.#end !== undefined && this.#items.length === 0) return;
    this.#end = { error };
    this.#items.length = 0;
    this.#settle(({ reject }) => reject(error));
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#items.length === 0) this.#onTaken();
      return Promise.resolve({ value: item, done: false });
    }
    const end = this.#end;
    if (end !== undefined) {
      this.#end = {};
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- an abort's reason is passed on as it is
      return "error" in end ? Promise.reject(end.error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #settle(act: (reader: Reader<T>) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    // The reader that is told of an error has seen the end.
    if (this.#end !== undefined && "error" in this.#end) this.#end = {};
    act(waiting);
  }
}
