import type { SchemaNode } from "../document/schema-document.ts";
import { negated } from "../expand/negate.ts";
import { comma, jsonRule } from "../gbnf/json-rules.ts";
import { AutomatonTooLarge } from "../regex/automaton.ts";
import type { Compiler } from "./compiler.ts";

/** `min` to `max` items satisfy the node; `fact` is where that is written. */
export interface Content {
  readonly fact: SchemaNode;
  readonly node: SchemaNode;
  readonly min: number;
  readonly max: number;
}

export interface ContainingOptions {
  /** The schemas that the item at a place must satisfy; from `prefix` on they are the same everywhere. */
  readonly nodesAt: (place: number) => readonly SchemaNode[];
  readonly prefix: number;
  readonly min: number;
  readonly max: number;
  readonly contents: readonly Content[];
  readonly hint: string;
}

// Places times counts: each is a rule.
const maxStates = 1000;

interface State {
  readonly moves: ReadonlyMap<string, string>;
  readonly isEnd: boolean;
}

/**
 * A term for the items between the brackets of an array that has to contain something: none when there are no such
 * items. Throws AutomatonTooLarge. A state is a place and how many items of each kind came so far; an item that may be of a kind without being counted is
 * let pass only where there is no upper count.
 */
export function containingTerm(compiler: Compiler, options: ContainingOptions): string | undefined {
  const { prefix, min, max, contents } = options;
  // The first item is unlike the others: no comma stands before it.
  const lastPlace = max === Infinity ? Math.max(prefix, min, 1) : max;
  const limits = contents.map((content) => (content.max === Infinity ? content.min : content.max + 1));
  if (limits.reduce((all, each) => all * (each + 1), lastPlace + 1) > maxStates) throw new AutomatonTooLarge();
  const kinds = 2 ** contents.length;
  const states = new Map<string, State>();
  const start = explore(
    0,
    contents.map(() => 0),
  );
  const live = liveStates(states);
  return live.has(start) ? rulesOf(compiler, { states, live, start, hint: options.hint }) : undefined;

  function explore(place: number, counts: readonly number[]): string {
    const key = `${place} ${counts.join(" ")}`;
    if (states.has(key)) return key;
    const moves = new Map<string, string>();
    const isEnd =
      place >= min && contents.every((content, i) => counts[i]! >= content.min && counts[i]! <= content.max);
    states.set(key, { moves, isEnd });
    for (let kind = 0; kind < kinds && place < max; kind++) {
      const after = counts.map((count, i) => Math.min(limits[i]!, count + ((kind >> i) & 1)));
      if (after.some((count, i) => count > contents[i]!.max)) continue;
      const term = itemTerm(place, kind);
      if (term !== undefined) moves.set(term, explore(Math.min(place + 1, lastPlace), after));
    }
    return key;
  }

  /** An item that is of the kinds whose bits are set. */
  function itemTerm(place: number, kind: number): string | undefined {
    const asked = contents.flatMap(({ node, max: most }, i) => {
      if (((kind >> i) & 1) === 1) return [node];
      return most === Infinity ? [] : [negated(compiler.document, node)];
    });
    const isNeeded = contents.length === 1 && prefix === 0 && kind === 1 && contents[0]!.min > 0;
    return compiler.compile([...options.nodesAt(Math.min(place, prefix)), ...asked], { isNeeded });
  }
}

/** States from which an end can be reached. */
function liveStates(states: ReadonlyMap<string, State>): ReadonlySet<string> {
  const live = new Set([...states].filter(([, { isEnd }]) => isEnd).map(([key]) => key));
  for (let size = -1; size !== live.size;) {
    size = live.size;
    for (const [key, { moves }] of states) if ([...moves.values()].some((to) => live.has(to))) live.add(key);
  }
  return live;
}

interface Graph {
  readonly states: ReadonlyMap<string, State>;
  readonly live: ReadonlySet<string>;
  readonly start: string;
  readonly hint: string;
}

function rulesOf({ rules }: Compiler, { states, live, start, hint }: Graph): string {
  const ws = jsonRule(rules, "ws");
  const names = new Map([...live].filter((key) => key !== start).map((key) => [key, rules.reserve(`${hint}-then`)]));
  const ways = (key: string, before: string): string[] =>
    [...states.get(key)!.moves]
      .filter(([, to]) => live.has(to))
      .map(([term, to]) => `${before}${term} ${names.get(to)!}`);
  for (const [key, name] of names)
    rules.define(name, [...ways(key, `${comma(rules)} `), ...(states.get(key)!.isEnd ? [ws] : [])].join(" | "));
  return rules.intern(`${hint}-items`, [...ways(start, ""), ...(states.get(start)!.isEnd ? [`""`] : [])].join(" | "));
}
