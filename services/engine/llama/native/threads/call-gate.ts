/**
 * How many calls may be under way beside a decode. They share libuv's four threads with it and with files: one that
 * waited for a thread would hold up every stream. koffi itself throws beyond 256.
 */
const maxCalls = 2;

/** Lets a few of many callers go on at a time, first come, first served. */
export class CallGate {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(max = maxCalls) {
    this.#max = max;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running++;
    // Who ends hands its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
