/**
 * Turns readings of counters that belong to a process into increments. Counters only grow while their process lives and
 * begin at 0 with the next, so a reading below the last one is of a new process and is all increment.
 */
export class CounterDeltas<Name extends string> {
  readonly #last = new Map<Name, number>();

  /** How much `name` has grown since the last reading. */
  add(name: Name, reading: number): number {
    const last = this.#last.get(name) ?? 0;
    this.#last.set(name, reading);
    return reading < last ? reading : reading - last;
  }

  /** A new process counts from 0: also when it has counted past the last reading before it was read. */
  restart(): void {
    this.#last.clear();
  }
}
