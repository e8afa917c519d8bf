import { asciiGroupBytes, leadBytes, otherCharacters } from "../vocabulary/byte-groups.ts";
import { dead, type GrammarAutomaton } from "./automaton.ts";

/**
 * Knows of states in which a character of some groups leads on, whichever it is, to one state, as within a string: a
 * branch of the token tree that has only such characters can be read as a whole.
 */
export class CharacterRuns {
  readonly #automaton: GrammarAutomaton;
  /** By state: the bits of the groups, and the state that they lead to. */
  readonly #groups: (number | undefined)[] = [];
  readonly #next: number[] = [];

  readonly #mayComplete: boolean;

  /** `mayComplete`: a text may be complete on the way. */
  constructor(automaton: GrammarAutomaton, { mayComplete }: { readonly mayComplete: boolean }) {
    this.#automaton = automaton;
    this.#mayComplete = mayComplete;
  }

  /** Whether any text of up to `length` characters of these groups can be read from a state. */
  takesAll(state: number, groups: number, length: number): boolean {
    // The rest of a character that was begun.
    if (length === 0) return false;
    let at = state;
    for (let left = length; left > 0; left--) {
      const known = this.#groups[at] ?? this.#learn(at);
      if ((groups & ~known) !== 0) return false;
      const next = this.#next[at] ?? dead;
      if (next === at) return true;
      at = next;
    }
    return true;
  }

  #learn(state: number): number {
    const targets = asciiGroupBytes.map((bytes) => this.#common(bytes.map((byte) => this.#step(state, byte))));
    const next = mostFrequent(targets.filter((target) => this.#mayLeadTo(target)));
    let groups = 0;
    for (const [group, target] of targets.entries()) if (target === next && next !== dead) groups |= 1 << group;
    if (next !== dead && this.#takesOthers(state, next)) groups |= otherCharacters;
    this.#groups[state] = groups;
    this.#next[state] = next;
    return groups;
  }

  #mayLeadTo(state: number): boolean {
    return state !== dead && (this.#mayComplete || !this.#automaton.isComplete(state));
  }

  /** Whether all characters outside of ASCII lead to `next`. */
  #takesOthers(state: number, next: number): boolean {
    return leadBytes.every(({ first, last, second: [low, high], length }) => {
      const begun = this.#common(range(first, last).map((byte) => this.#step(state, byte)));
      const rest = begun === dead ? dead : this.#common(range(low, high).map((byte) => this.#step(begun, byte)));
      return this.#end(rest, length - 2) === next;
    });
  }

  /** The state after so many more bytes of a character, if that does not depend on them. */
  #end(state: number, bytes: number): number {
    if (state === dead || bytes === 0) return state;
    return this.#end(this.#common(range(0x80, 0xbf).map((byte) => this.#step(state, byte))), bytes - 1);
  }

  #step(state: number, byte: number): number {
    return this.#automaton.step(state, this.#automaton.program.kindOf[byte] ?? 0);
  }

  #common(states: readonly number[]): number {
    const [first = dead] = states;
    return states.every((state) => state === first) ? first : dead;
  }
}

function mostFrequent(states: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  let best = dead;
  for (const [state, count] of counts) if (count > (counts.get(best) ?? 0)) best = state;
  return best;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
