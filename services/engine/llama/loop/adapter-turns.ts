import type { Sequence } from "./sequence.ts";

/**
 * How many steps the sequences of one set of adapters run before those of another have their turn. A change makes
 * llama.cpp plan its graph anew, which costs about as much as a step; a stream of another set waits so many steps.
 */
const turnSteps = 4;

/**
 * Which sequences the next step runs. llama.cpp applies adapters to a whole context, so sequences with different scales
 * cannot be computed together: their sets take turns.
 *  1. All have the same scales: all of them.
 *  2. The set of the last step, while its turn lasts.
 *  3. Else the set that has not run for longest; of those that never ran, the one whose request came first.
 */
export class AdapterTurns {
  /** The number of the last step of each set that has sequences. */
  #ranAt = new Map<string, number>();
  #step = 0;
  #current = "";
  #left = 0;

  /** `ready`: the sequences that have something to compute. */
  choose(ready: readonly Sequence[]): readonly Sequence[] {
    this.#step++;
    const sets = Map.groupBy(ready, ({ request }) => request.adapterKey);
    const key = sets.size <= 1 ? sets.keys().next().value : this.#next(sets);
    if (key === undefined) return ready;
    if (key !== this.#current) this.#left = turnSteps;
    this.#current = key;
    this.#left--;
    for (const known of this.#ranAt.keys()) if (!sets.has(known)) this.#ranAt.delete(known);
    this.#ranAt.set(key, this.#step);
    return sets.get(key) ?? []; // 1
  }

  #next(sets: ReadonlyMap<string, readonly Sequence[]>): string | undefined {
    if (this.#left > 0 && sets.has(this.#current)) return this.#current; // 2
    const others = [...sets].filter(([key]) => key !== this.#current);
    const arrival = (sequences: readonly Sequence[]) => Math.min(...sequences.map(({ request }) => request.arrivedAt));
    const [longest] = others.toSorted(
      ([a, first], [b, second]) =>
        (this.#ranAt.get(a) ?? 0) - (this.#ranAt.get(b) ?? 0) || arrival(first) - arrival(second),
    );
    return longest?.[0]; // 3
  }
}
