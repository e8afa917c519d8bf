import { createAtoms } from "./atoms.ts";
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
  return merged(deterministic, states);
}

/** Merges states that are alike, by the partition that Moore's algorithm refines. */
function merged(automaton: Automaton, states: ReadonlyMap<string, ReadonlyMap<string, CharSet>>): Automaton {
  const atoms = createAtoms([...states.values()].flatMap((targets) => [...targets.values()]));
  const numbers = new Map([...states.keys()].map((state, i) => [state, i]));
  // For each state where each atom leads; -1: nowhere.
  const rows = [...states.values()].map((targets) => {
    const row = new Int32Array(atoms.count).fill(-1);
    for (const [to, set] of targets) for (const atom of atoms.atomsOf(set)) row[atom] = numbers.get(to)!;
    return row;
  });
  // States are alike until something tells them apart: first whether they are ends, then where their moves lead.
  let classes = Int32Array.from(states.keys(), (state) => (automaton.accepts(state) ? 1 : 0));
  for (let known = 0; ;) {
    const ids = new Map<string, number>();
    const next = classes.map((own, i) => {
      const key = `${own}:${rows[i]!.map((to) => (to < 0 ? -1 : classes[to]!)).join()}`;
      const id = ids.get(key) ?? ids.size;
      ids.set(key, id);
      return id;
    });
    classes = next;
    if (ids.size === known) break;
    known = ids.size;
  }
  const names = [...states.keys()];
  const members = new Map(names.map((state, i) => [String(classes[i]), state]));
  const classOf = (state: string): string => String(classes[numbers.get(state)!]);
  return {
    start: states.has(automaton.start) ? classOf(automaton.start) : "none",
    moves: (id) => [...(states.get(members.get(id) ?? "") ?? [])].map(([to, set]) => ({ set, to: classOf(to) })),
    accepts: (id) => members.has(id) && automaton.accepts(members.get(id)!),
  };
}
