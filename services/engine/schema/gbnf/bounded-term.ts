import { lengthAutomaton } from "../regex/automata.ts";
import { type Automaton, AutomatonTooLarge, liveStates } from "../regex/automaton.ts";
import { intersectAutomata } from "../regex/automaton-algebra.ts";
import type { CharSet } from "../regex/char-set.ts";
import { automatonTerm, charTerm, type Writing } from "./language-term.ts";
import { minimize } from "../regex/minimize.ts";
import type { RuleSet } from "./rule-set.ts";

export interface BoundedOptions {
  readonly min: number;
  readonly max: number;
  readonly writing: Writing;
  /** For the names of rules. */
  readonly hint: string;
}

/** More rules than a string should take; some 50 ms of work. */
const maxRules = 4000;
// Blocks are followed recursively.
const maxLength = 200_000;
/** Up to here a rule for each state and count is the simplest. */
const maxCounted = 600;

/**
 * A term for what the automaton accepts in `min` to `max` characters, undefined when that is nothing. Throws
 * AutomatonTooLarge.
 */
export function boundedTerm(rules: RuleSet, automaton: Automaton, options: BoundedOptions): string | undefined {
  const { min, max, writing, hint } = options;
  const small = minimize(automaton);
  if (min === 0 && max === Infinity) return automatonTerm(rules, small, writing, hint);
  const isShort = max === Infinity || max - min < 8 || liveStates(small).size * max <= maxCounted;
  if (!isShort) return blocksTerm(rules, small, options);
  return automatonTerm(rules, intersectAutomata([small, lengthAutomaton(min, max)]), writing, hint);
}

/**
 * The same for long texts. Counting every character would take a rule for each state and count. Here characters are
 * counted in blocks: there are rules for "from this state to that one in exactly one block", and rules that count the
 * blocks, some `states * sqrt(max)` of both. While a block is read one way is open for each state that it may end in.
 */
function blocksTerm(
  rules: RuleSet,
  automaton: Automaton,
  { min, max, writing, hint }: BoundedOptions,
): string | undefined {
  const states = liveStates(automaton);
  if (!states.has(automaton.start)) return undefined;
  if (max > maxLength) throw new AutomatonTooLarge();
  const distances = distancesToEnd(automaton, states);
  const size = Math.max(2, Math.ceil(Math.sqrt((max - min) / 3)));
  const blocks = Math.floor((max - min - size + 1) / size);
  const reached = reachable(states, size);
  const known = new Map<string, string | undefined>();
  return before(automaton.start, min);

  /** A rule that is made once for each key; undefined is "nothing". */
  function rule(key: string, ways: () => readonly (string | undefined)[]): string | undefined {
    if (!known.has(key)) {
      if (known.size >= maxRules) throw new AutomatonTooLarge();
      const found = ways().filter((way) => way !== undefined);
      const [only = "", ...others] = found;
      const isShort = others.length === 0 && only.length < 20;
      known.set(key, found.length === 0 ? undefined : isShort ? only : rules.intern(hint, found.join(" | ")));
    }
    return known.get(key);
  }

  /** One character, and what `then` says about the state behind it. */
  function step(state: string, then: (to: string) => string | undefined): (string | undefined)[] {
    return [...states.get(state)!].map(([to, set]: [string, CharSet]) => {
      const rest = then(to);
      return rest === undefined ? undefined : `${charTerm(rules, set, writing)} ${rest}`.trim();
    });
  }

  function end(state: string): string | undefined {
    return automaton.accepts(state) ? `""` : undefined;
  }

  /** `count` characters that must come, then as many as may. */
  function before(state: string, count: number): string | undefined {
    if (count === 0) return upTo(state, max - min - size + 1 - blocks * size);
    return rule(`before ${count} ${state}`, () => step(state, (to) => before(to, count - 1)));
  }

  /** At most `count` characters more than fit into the blocks and the tail. */
  function upTo(state: string, count: number): string | undefined {
    if (count === 0) return inBlocks(state, blocks);
    return rule(`up ${count} ${state}`, () => [...step(state, (to) => upTo(to, count - 1)), end(state)]);
  }

  function inBlocks(state: string, left: number): string | undefined {
    if (distances.get(state)! > left * size + size - 1) return undefined;
    return rule(`blocks ${left} ${state}`, () => [
      tail(state, size - 1),
      ...(left === 0 ? [] : [...reached(state, size)]).map((to) => {
        const rest = inBlocks(to, left - 1);
        return rest === undefined ? undefined : `${block(state, to, size)!} ${rest}`.trim();
      }),
    ]);
  }

  /** Exactly `left` characters from one state to the other. */
  function block(from: string, to: string, left: number): string | undefined {
    if (left === 0) return from === to ? "" : undefined;
    if (!reached(from, left).has(to)) return undefined;
    return rule(`block ${left} ${from.length} ${from}${to}`, () => step(from, (next) => block(next, to, left - 1)));
  }

  /** At most `left` characters and the end. */
  function tail(state: string, left: number): string | undefined {
    if (distances.get(state)! > left) return undefined;
    return rule(`tail ${left} ${state}`, () => [
      ...(left === 0 ? [] : step(state, (to) => tail(to, left - 1))),
      end(state),
    ]);
  }
}

type States = ReadonlyMap<string, ReadonlyMap<string, CharSet>>;

/** How many characters each state is from an end. */
function distancesToEnd(automaton: Automaton, states: States): ReadonlyMap<string, number> {
  const sources = new Map<string, string[]>();
  for (const [state, targets] of states) {
    for (const to of targets.keys()) sources.set(to, [...(sources.get(to) ?? []), state]);
  }
  const distances = new Map<string, number>();
  let wave = [...states.keys()].filter((state) => automaton.accepts(state));
  for (let distance = 0; wave.length > 0; distance++) {
    for (const state of wave) distances.set(state, distance);
    wave = [...new Set(wave.flatMap((state) => sources.get(state) ?? []))].filter((state) => !distances.has(state));
  }
  return distances;
}

/** Which states can be reached from one in exactly so many characters. */
function reachable(states: States, most: number): (state: string, length: number) => ReadonlySet<string> {
  const layers: ReadonlyMap<string, ReadonlySet<string>>[] = [
    new Map([...states.keys()].map((state) => [state, new Set([state])])),
  ];
  let pairs = 0;
  for (let length = 1; length <= most; length++) {
    const shorter = layers[length - 1]!;
    const layer = new Map<string, ReadonlySet<string>>();
    for (const [state, targets] of states) {
      const found = new Set<string>();
      for (const to of targets.keys()) for (const each of shorter.get(to)!) found.add(each);
      layer.set(state, found);
      pairs += found.size;
      if (pairs > 20 * maxRules) throw new AutomatonTooLarge();
    }
    layers.push(layer);
  }
  return (state, length) => layers[length]!.get(state)!;
}
