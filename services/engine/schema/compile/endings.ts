import type { Pointer } from "../document/refusal.ts";

/**
 * Keeps what values need inside of them, to find those that could never end: a node that requires a node that requires
 * a node. A model would follow such a grammar until it is cut off.
 */
export interface Endings {
  /** `union` is one of these `facts`, or a value that is written out. */
  setUnion(union: string, parts: { readonly facts: readonly string[]; readonly hasValues: boolean }): void;
  /** Another way to satisfy `facts`, which takes something of each of these unions. */
  addWay(facts: string, way: { readonly needs: readonly string[]; readonly pointer: Pointer }): void;
  /** Where a value is that cannot end; undefined: there is none. */
  endless(): Pointer | undefined;
}

export function createEndings(): Endings {
  const unions = new Map<string, { readonly facts: readonly string[]; readonly hasValues: boolean }>();
  const ways = new Map<string, { readonly needs: readonly string[]; readonly pointer: Pointer }[]>();
  return {
    setUnion: (union, parts) => void unions.set(union, parts),
    addWay(facts, way) {
      const known = ways.get(facts);
      if (known) known.push(way);
      else ways.set(facts, [way]);
    },
    endless() {
      const ending = new Set<string>();
      const unionEnds = (union: string): boolean => {
        const parts = unions.get(union);
        // What has no way noted is any value, which has an end.
        return !parts || parts.hasValues || parts.facts.some((facts) => ending.has(facts) || !ways.has(facts));
      };
      for (let size = -1; size !== ending.size;) {
        size = ending.size;
        for (const [facts, each] of ways) if (each.some(({ needs }) => needs.every(unionEnds))) ending.add(facts);
      }
      return [...ways].find(([facts]) => !ending.has(facts))?.[1][0]?.pointer;
    },
  };
}
