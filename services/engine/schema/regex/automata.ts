import { type Automaton, AutomatonTooLarge, maxStates } from "./automaton.ts";
import { anyChar, type CharSet, complement, union } from "./char-set.ts";
import type { Regex } from "./regex.ts";

/** The automaton of a regular expression. */
export function regexAutomaton(regex: Regex): Automaton {
  const empties: number[][] = [[]];
  const edges: { set: CharSet; to: number }[][] = [[]];

  function state(): number {
    if (edges.length > maxStates) throw new AutomatonTooLarge();
    empties.push([]);
    return edges.push([]) - 1;
  }

  function build(part: Regex, from: number): number {
    switch (part.type) {
      case "set": {
        const to = state();
        edges[from]!.push({ set: part.set, to });
        return to;
      }
      case "sequence":
        return part.items.reduce((at, item) => build(item, at), from);
      case "choice": {
        const end = state();
        for (const option of part.options) {
          const begin = state();
          empties[from]!.push(begin);
          empties[build(option, begin)]!.push(end);
        }
        return end;
      }
      case "repeat": {
        let at = from;
        for (let i = 0; i < part.min; i++) at = build(part.item, at);
        const end = state();
        empties[at]!.push(end);
        if (part.max === Infinity) empties[build(part.item, end)]!.push(end);
        else
          for (let i = part.min; i < part.max; i++) {
            at = build(part.item, at);
            empties[at]!.push(end);
          }
        return end;
      }
    }
  }

  const end = build(regex, 0);
  const reached = new Map<number, ReadonlySet<number>>();
  function closure(from: number): ReadonlySet<number> {
    let found = reached.get(from);
    if (!found) {
      const all = new Set([from]);
      for (const each of all) for (const next of empties[each]!) all.add(next);
      reached.set(from, (found = all));
    }
    return found;
  }
  return {
    start: "0",
    moves: (from) =>
      [...closure(Number(from))].flatMap((each) => edges[each]!.map(({ set, to }) => ({ set, to: String(to) }))),
    accepts: (at) => closure(Number(at)).has(end),
  };
}

/** Strings of `min` to `max` characters. */
export function lengthAutomaton(min: number, max: number): Automaton {
  return {
    start: "0",
    moves(state) {
      const length = Number(state);
      if (length >= max) return [];
      // Without a maximum there is nothing left to count once the minimum is reached.
      return [{ set: anyChar, to: String(max === Infinity ? Math.min(length + 1, min) : length + 1) }];
    },
    accepts: (state) => Number(state) >= min,
  };
}

/** Every string but these. */
export function exceptAutomaton(excluded: readonly string[]): Automaton {
  const free = "free";
  const children = new Map<string, Map<number, string>>([["", new Map()]]);
  for (const each of excluded) {
    let prefix = "";
    for (const character of each) {
      children.get(prefix)!.set(character.codePointAt(0)!, prefix + character);
      prefix += character;
      if (!children.has(prefix)) children.set(prefix, new Map());
    }
  }
  const words = new Set(excluded.map((each) => `=${each}`));
  // A state is the prefix read so far, marked to tell it from `free`.
  return {
    start: "=",
    moves(state) {
      if (state === free) return [{ set: anyChar, to: free }];
      const next = [...children.get(state.slice(1))!];
      const taken = next.reduce<CharSet>((set, [code]) => union(set, [[code, code]]), []);
      return [
        ...next.map(([code, prefix]) => ({ set: [[code, code]] as const, to: `=${prefix}` })),
        { set: complement(taken), to: free },
      ];
    },
    accepts: (state) => !words.has(state),
  };
}
