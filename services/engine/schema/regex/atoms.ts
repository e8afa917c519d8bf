import type { CharSet } from "./char-set.ts";

/** The characters that some sets do not tell apart, each class with a number: an alphabet that is as small as can be. */
export interface Atoms {
  readonly count: number;
  /** The numbers of the classes that one of the sets consists of. */
  atomsOf(set: CharSet): readonly number[];
}

export function createAtoms(sets: readonly CharSet[]): Atoms {
  const distinct = new Map<string, CharSet>();
  for (const set of sets) distinct.set(keyOf(set), set);
  // Where some set begins or ends, in order, with those that do.
  const turns = new Map<number, number[]>();
  const turn = (at: number, index: number): void => {
    const known = turns.get(at);
    if (known) known.push(index);
    else turns.set(at, [index]);
  };
  for (const [index, set] of [...distinct.values()].entries()) {
    for (const [first, last] of set) {
      turn(first, index);
      turn(last + 1, index);
    }
  }
  const ids = new Map<string, number>();
  const atoms = [...distinct.values()].map(() => new Set<number>());
  const inside = new Set<number>();
  for (const at of [...turns.keys()].toSorted((a, b) => a - b)) {
    for (const index of turns.get(at)!) if (!inside.delete(index)) inside.add(index);
    if (inside.size === 0) continue;
    const key = [...inside].toSorted((a, b) => a - b).join();
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    for (const index of inside) atoms[index]!.add(id);
  }
  const byKey = new Map([...distinct.keys()].map((key, index) => [key, [...atoms[index]!]]));
  return { count: ids.size, atomsOf: (set) => byKey.get(keyOf(set)) ?? [] };
}

const keys = new WeakMap<CharSet, string>();

/** A text that only equal sets have. */
export function keyOf(set: CharSet): string {
  let key = keys.get(set);
  if (key === undefined) keys.set(set, (key = set.join(" ")));
  return key;
}
