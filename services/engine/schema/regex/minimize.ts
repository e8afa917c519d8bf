import { type Automaton, AutomatonTooLarge, liveStates } from "./automaton.ts";
import { determinize } from "./automaton-algebra.ts";
import type { CharSet } from "./char-set.ts";

/** Beyond this the time is noticed. */
const maxDeterministic = 400;

/**
 * The same strings with the fewest states, and one move for each character: the grammar is small, and llama.cpp has one
 * way to follow. An automaton for which that would be too much is given back as it is.
 */
export function minimize(automaton: Automaton): Automaton {
  const deterministic = determinize(automaton);
  let states: ReadonlyMap<string, ReadonlyMap<string, CharSet>>;
  try {
    states = liveStates(deterministic, maxDeterministic);
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return automaton;
    throw error;
  }
  // States are alike until something tells them apart: first whether they are ends, then where their moves lead.
  let classes = new Map([...states.keys()].map((state) => [state, deterministic.accepts(state) ? "end" : "on"]));
  for (let count = 0; ;) {
    const ids = new Map<string, string>();
    const next = new Map<string, string>();
    for (const [state, targets] of states) {
      const key = `${classes.get(state)!} ${signature(targets, classes)}`;
      if (!ids.has(key)) ids.set(key, String(ids.size));
      next.set(state, ids.get(key)!);
    }
    classes = next;
    if (ids.size === count) break;
    count = ids.size;
  }
  const members = new Map([...classes].map(([state, id]) => [id, state]));
  return {
    start: classes.get(deterministic.start) ?? "none",
    moves: (id) => [...(states.get(members.get(id) ?? "") ?? [])].map(([to, set]) => ({ set, to: classes.get(to)! })),
    accepts: (id) => members.has(id) && deterministic.accepts(members.get(id)!),
  };
}

/** Which characters lead to which class. */
function signature(targets: ReadonlyMap<string, CharSet>, classes: ReadonlyMap<string, string>): string {
  const moves = [...targets].flatMap(([to, set]) =>
    set.map(([first, last]) => ({ first, last, id: classes.get(to)! })),
  );
  moves.sort((a, b) => a.first - b.first);
  const merged: typeof moves = [];
  for (const move of moves) {
    const previous = merged.at(-1);
    if (previous && previous.id === move.id && previous.last + 1 === move.first) previous.last = move.last;
    else merged.push({ ...move });
  }
  return merged.map(({ first, last, id }) => `${first}-${last}>${id}`).join(" ");
}
