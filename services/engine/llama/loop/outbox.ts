interface Reader<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

export interface OutboxOptions<T> {
  /** The reader took the last item. */
  readonly onTaken: () => void;
  /** An item that says what two successive ones say; undefined where they must stay apart. */
  readonly merge?: (earlier: T, later: T) => T | undefined;
  /** What an item counts for in `size`; 1 by default. */
  readonly weigh?: (item: T) => number;
}

/**
 * A queue between the step loop, which never waits, and one reader. What is pushed stays here until `deliver`, so that
 * the loop can begin the next decode before readers run. The loop looks at `size` and leaves out sequences whose reader
 * is behind, so the queue stays bounded without holding anybody else up.
 */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #options: OutboxOptions<T>;
  readonly #items: T[] = [];
  #waiting: Reader<T> | undefined;
  #end: { readonly error?: unknown } | undefined;

  constructor(options: OutboxOptions<T>) {
    this.#options = options;
  }

  /** The weight of what the reader has not taken. */
  get size(): number {
    const { weigh } = this.#options;
    return weigh === undefined ? this.#items.length : this.#items.reduce((sum, item) => sum + weigh(item), 0);
  }

  push(item: T): void {
    if (this.#end !== undefined) return;
    const last = this.#items.at(-1);
    const merged = last === undefined ? undefined : this.#options.merge?.(last, item);
    if (merged === undefined) this.#items.push(item);
    else this.#items[this.#items.length - 1] = merged;
  }

  /** Ends the iteration after what was pushed, once that is delivered. */
  end(): void {
    this.#end ??= {};
  }

  /** Ends the iteration with an error at once: what was pushed and not read is dropped. */
  fail(error: unknown): void {
    if (this.#end !== undefined && this.#items.length === 0) return;
    this.#end = { error };
    this.#items.length = 0;
    this.deliver();
  }

  /** Gives a reader that waits the next item, or the end. */
  deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (this.#items.length === 0 && this.#end === undefined)) return;
    this.#waiting = undefined;
    void this.#next().then(waiting.resolve, waiting.reject);
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#items.length === 0) this.#options.onTaken();
      return Promise.resolve({ value: item, done: false });
    }
    const end = this.#end;
    if (end !== undefined) {
      // Whoever was told of an error has seen the end.
      this.#end = {};
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- an abort's reason is passed on as it is
      return "error" in end ? Promise.reject(end.error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
