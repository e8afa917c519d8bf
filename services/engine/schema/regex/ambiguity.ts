import { regexAutomaton } from "./automata.ts";
import { AutomatonTooLarge, liveStates, maxMoves } from "./automaton.ts";
import { intersect } from "./char-set.ts";
import { choice, emptyRegex, lengthsOf, type Regex, repeat, repeatsEmpty, sequence } from "./regex.ts";

/** So many readings side by side cost little. */
const maxReadings = 100;

/**
 * Whether the expression can become rules as it stands: nothing that may be empty is repeated without end (the rule
 * would call itself without reading anything), and no long counted repetitions flow into each other.
 */
export function isPlain(regex: Regex): boolean {
  return !repeatsEmpty(regex) && !(largestCount(regex) > maxReadings && hasOpenBorders(regex));
}

/**
 * Whether two repetitions of the expression can read the same text for as long as it goes on, one flowing into the
 * other, as in `a*[ab]*`: where one ends and the other begins is open then, and with counted repetitions each place
 * would be a reading of its own. Throws AutomatonTooLarge.
 */
export function hasOpenBorders(regex: Regex): boolean {
  const automaton = regexAutomaton(relaxed(regex));
  const states = liveStates(automaton);
  // Pairs of different states that one text can lead to, each with the pairs behind it.
  const after = new Map<string, string[]>();
  const names = new Map<string, readonly [a: string, b: string]>();
  const open: (readonly [string, string])[] = [[automaton.start, automaton.start]];
  let work = 0;
  for (const [a, b] of open) {
    const key = `${a} ${b}`;
    if (after.has(key)) continue;
    const next: string[] = [];
    after.set(key, next);
    names.set(key, [a, b]);
    for (const [toA, setA] of states.get(a) ?? []) {
      for (const [toB, setB] of states.get(b) ?? []) {
        if (++work > maxMoves) throw new AutomatonTooLarge();
        if (intersect(setA, setB).length === 0) continue;
        next.push(`${toA} ${toB}`);
        open.push([toA, toB]);
      }
    }
  }
  const endless = onCycles(new Map([...after].filter(([key]) => names.get(key)![0] !== names.get(key)![1])));
  return [...endless].some((key) => leadsTo(states, ...names.get(key)!));
}

/** The nodes of a graph that are on cycles or between two. */
function onCycles(graph: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const before = new Map<string, string[]>([...graph.keys()].map((key) => [key, []]));
  for (const [key, targets] of graph) for (const to of targets) before.get(to)?.push(key);
  const left = new Set(graph.keys());
  const prune = (out: ReadonlyMap<string, readonly string[]>, into: ReadonlyMap<string, readonly string[]>): void => {
    const count = new Map([...left].map((key) => [key, out.get(key)!.filter((to) => left.has(to)).length]));
    const ends = [...left].filter((key) => count.get(key) === 0);
    for (const key of ends) {
      left.delete(key);
      for (const from of into.get(key)!) {
        if (!left.has(from)) continue;
        count.set(from, count.get(from)! - 1);
        if (count.get(from) === 0) ends.push(from);
      }
    }
  };
  prune(graph, before);
  prune(before, graph);
  return left;
}

function leadsTo(states: ReadonlyMap<string, ReadonlyMap<string, unknown>>, from: string, to: string): boolean {
  const reached = new Set([from]);
  for (const state of reached) for (const next of states.get(state)?.keys() ?? []) reached.add(next);
  return reached.has(to);
}

function largestCount(regex: Regex): number {
  switch (regex.type) {
    case "set":
      return 0;
    case "sequence":
      return Math.max(0, ...regex.items.map(largestCount));
    case "choice":
      return Math.max(0, ...regex.options.map(largestCount));
    case "repeat":
      return Math.max(regex.max === Infinity ? regex.min : regex.max, largestCount(regex.item));
  }
}

/** Without counts, which do not matter for where one part ends and the next begins. */
function relaxed(regex: Regex): Regex {
  switch (regex.type) {
    case "set":
      return regex;
    case "sequence":
      return sequence(regex.items.map(relaxed));
    case "choice":
      return choice(regex.options.map(relaxed));
    case "repeat": {
      const item = relaxed(regex.item);
      if (lengthsOf(item).max === 0) return emptyRegex;
      const isFixed = regex.min === regex.max || regex.max === 1;
      return isFixed ? repeat(item, regex.min, regex.max) : repeat(item, Math.min(1, regex.min), Infinity);
    }
  }
}
