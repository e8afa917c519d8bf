import { anyChar, type CharSet, complement, hasChar, intersect, noChar, subtract, union } from "./char-set.ts";
import type { Regex } from "./regex.ts";

/** A finite automaton over characters, explored as needed. States are strings; several moves may overlap. */
export interface Automaton {
  readonly start: string;
  moves(state: string): readonly Move[];
  accepts(state: string): boolean;
}

export interface Move {
  readonly set: CharSet;
  readonly to: string;
}

/** More states than any sensible pattern has, and a grammar that llama.cpp still handles with ease. */
const maxStates = 4000;
/** Moves of all states together, and of one state while they are put together: what bounds the time. */
const movesPerState = 25;
export const maxMoves = maxStates * movesPerState;
const maxMovesOfState = 5000;

/** Thrown when an automaton grows beyond `maxStates`. */
export class AutomatonTooLarge extends Error {}

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

/** The same strings, with one move for each character: a state is the set of all states that `inner` could be in. */
export function determinize(inner: Automaton): Automaton {
  return {
    start: inner.start,
    moves(state) {
      let parts: { set: CharSet; to: string[] }[] = [{ set: anyChar, to: [] }];
      let work = 0;
      for (const move of statesIn(state).flatMap((each) => inner.moves(each))) {
        parts = parts.flatMap(({ set, to }) => [
          { set: intersect(set, move.set), to: [...to, move.to] },
          { set: subtract(set, move.set), to },
        ]);
        parts = parts.filter(({ set }) => set.length > 0);
        work += parts.length;
        if (work > maxMovesOfState) throw new AutomatonTooLarge();
      }
      return parts.map(({ set, to }) => ({ set, to: [...new Set(to)].toSorted().join(",") }));
    },
    accepts: (state) => statesIn(state).some((each) => inner.accepts(each)),
  };
}

function statesIn(joined: string): readonly string[] {
  return joined === "" ? [] : joined.split(",");
}

/** Every string that `inner` does not accept. */
export function complementAutomaton(inner: Automaton): Automaton {
  const all = determinize(inner);
  return { start: all.start, moves: (state) => all.moves(state), accepts: (state) => !all.accepts(state) };
}

/** A string of `a` followed by one of `b`. */
export function concatAutomata(a: Automaton, b: Automaton): Automaton {
  const inA = (moves: readonly Move[]): Move[] => moves.map(({ set, to }) => ({ set, to: `a${to}` }));
  const inB = (moves: readonly Move[]): Move[] => moves.map(({ set, to }) => ({ set, to: `b${to}` }));
  return {
    start: `a${a.start}`,
    moves(state) {
      const inner = state.slice(1);
      if (state.startsWith("b")) return inB(b.moves(inner));
      return [...inA(a.moves(inner)), ...(a.accepts(inner) ? inB(b.moves(b.start)) : [])];
    },
    accepts(state) {
      const inner = state.slice(1);
      return state.startsWith("b") ? b.accepts(inner) : a.accepts(inner) && b.accepts(b.start);
    },
  };
}

/** Strings that one of the automata accepts. */
export function unionAutomaton(automata: readonly Automaton[]): Automaton {
  const start = "start";
  const tagged = (index: number, moves: readonly Move[]): Move[] =>
    moves.map(({ set, to }) => ({ set, to: `${index}:${to}` }));
  function split(state: string): { automaton: Automaton; index: number; inner: string } {
    const colon = state.indexOf(":");
    const index = Number(state.slice(0, colon));
    return { automaton: automata[index]!, index, inner: state.slice(colon + 1) };
  }
  return {
    start,
    moves(state) {
      if (state === start) return automata.flatMap((each, index) => tagged(index, each.moves(each.start)));
      const { automaton, index, inner } = split(state);
      return tagged(index, automaton.moves(inner));
    },
    accepts(state) {
      if (state === start) return automata.some((each) => each.accepts(each.start));
      const { automaton, inner } = split(state);
      return automaton.accepts(inner);
    },
  };
}

/** Strings that all of the automata accept. */
export function intersectAutomata(automata: readonly Automaton[]): Automaton {
  const [first, ...rest] = automata;
  if (!first) throw new TypeError("intersectAutomata needs an automaton");
  return rest.reduce(both, first);
}

function both(a: Automaton, b: Automaton): Automaton {
  const pairs: { a: string; b: string }[] = [];
  const ids = new Map<string, string>();
  function pair(stateA: string, stateB: string): string {
    const key = `${stateA.length} ${stateA}${stateB}`;
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = String(pairs.push({ a: stateA, b: stateB }) - 1)));
    return id;
  }
  return {
    start: pair(a.start, b.start),
    moves(state) {
      const at = pairs[Number(state)]!;
      const [movesA, movesB] = [a.moves(at.a), b.moves(at.b)];
      if (movesA.length * movesB.length > maxMovesOfState) throw new AutomatonTooLarge();
      return movesA.flatMap((moveA) =>
        movesB.flatMap((moveB) => {
          const set = intersect(moveA.set, moveB.set);
          return set.length > 0 ? [{ set, to: pair(moveA.to, moveB.to) }] : [];
        }),
      );
    },
    accepts: (state) => a.accepts(pairs[Number(state)]!.a) && b.accepts(pairs[Number(state)]!.b),
  };
}

/**
 * The states that are reached from the start and reach an end, each with its moves: target and characters. Throws
 * AutomatonTooLarge when there are more than `most`.
 */
export function liveStates(automaton: Automaton, most = maxStates): Map<string, Map<string, CharSet>> {
  const reached = new Map<string, Map<string, CharSet>>();
  const before = new Map<string, string[]>();
  const open = [automaton.start];
  let work = 0;
  for (const state of open) {
    if (reached.has(state)) continue;
    if (reached.size >= most) throw new AutomatonTooLarge();
    const targets = new Map<string, CharSet>();
    const moves = automaton.moves(state);
    if ((work += moves.length) > most * movesPerState) throw new AutomatonTooLarge();
    for (const { set, to } of moves) targets.set(to, union(targets.get(to) ?? noChar, set));
    reached.set(state, targets);
    for (const to of targets.keys()) {
      open.push(to);
      const sources = before.get(to);
      if (sources) sources.push(state);
      else before.set(to, [state]);
    }
  }
  const live = new Set([...reached.keys()].filter((state) => automaton.accepts(state)));
  for (const state of live) for (const previous of before.get(state) ?? []) live.add(previous);
  return new Map(
    [...reached]
      .filter(([state]) => live.has(state))
      .map(([state, targets]) => [state, new Map([...targets].filter(([to]) => live.has(to)))]),
  );
}

/** Whether the automaton accepts the text. Throws AutomatonTooLarge when that takes too long to find out. */
export function automatonAccepts(automaton: Automaton, text: string): boolean {
  let states = new Set([automaton.start]);
  let work = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const next = new Set<string>();
    for (const state of states) {
      const moves = automaton.moves(state);
      for (const { set, to } of moves) if (hasChar(set, code)) next.add(to);
      work += moves.length;
      if (work > 20 * maxMoves) throw new AutomatonTooLarge();
    }
    states = next;
  }
  return [...states].some((state) => automaton.accepts(state));
}
