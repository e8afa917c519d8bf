import { type Automaton, AutomatonTooLarge, maxMovesOfState, type Move } from "./automaton.ts";
import { anyChar, type CharSet, intersect, subtract } from "./char-set.ts";

/** The same strings, with one move for each character: a state is the set of all states that `inner` could be in. */
export function determinize(inner: Automaton): Automaton {
  const sets: (readonly string[])[] = [];
  const ids = new Map<string, string>();
  function idOf(states: readonly string[]): string {
    const members = [...new Set(states)].toSorted();
    const key = JSON.stringify(members);
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = String(sets.push(members) - 1)));
    return id;
  }
  return {
    start: idOf([inner.start]),
    moves(state) {
      let parts: { set: CharSet; to: string[] }[] = [{ set: anyChar, to: [] }];
      let work = 0;
      for (const move of sets[Number(state)]!.flatMap((each) => inner.moves(each))) {
        parts = parts.flatMap(({ set, to }) => [
          { set: intersect(set, move.set), to: [...to, move.to] },
          { set: subtract(set, move.set), to },
        ]);
        parts = parts.filter(({ set }) => set.length > 0);
        work += parts.length;
        if (work > maxMovesOfState) throw new AutomatonTooLarge();
      }
      return parts.map(({ set, to }) => ({ set, to: idOf(to) }));
    },
    accepts: (state) => sets[Number(state)]!.some((each) => inner.accepts(each)),
  };
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

/** Each further one multiplies the states. */
const maxTogether = 10;

/** Strings that all of the automata accept. Throws AutomatonTooLarge for very many. */
export function intersectAutomata(automata: readonly Automaton[]): Automaton {
  const [first, ...rest] = automata;
  if (automata.length > maxTogether) throw new AutomatonTooLarge();
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
