import { type CharSet, hasChar, noChar, union } from "./char-set.ts";

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
export const maxStates = 4000;
/** Moves of all states together, and of one state while they are put together: what bounds the time. */
const movesPerState = 25;
export const maxMoves = maxStates * movesPerState;
export const maxMovesOfState = 5000;

/** Thrown when an automaton grows beyond `maxStates`. */
export class AutomatonTooLarge extends Error {}

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
