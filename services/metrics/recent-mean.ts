/** Half of the weight lies in the last two seconds of work: quick enough to watch, long enough not to flicker. */
const halfLifeMs = 2000;
/** Of a pause, no more than this counts: the mean is over time at work, and is kept while nothing runs. */
const longestGapMs = 1000;

/** A mean of sums over counts, in which old ones weigh less. Times come in as numbers. */
export class RecentMean {
  #sum = 0;
  #count = 0;
  #lastMs: number | undefined;

  add(sum: number, count: number, nowMs: number): void {
    if (count === 0) return;
    const gapMs = Math.min(longestGapMs, nowMs - (this.#lastMs ?? nowMs));
    const keep = 0.5 ** (gapMs / halfLifeMs);
    this.#lastMs = nowMs;
    this.#sum = this.#sum * keep + sum;
    this.#count = this.#count * keep + count;
  }

  /** 0 before anything was added. */
  get value(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
}
