import { type Automaton, AutomatonTooLarge } from "../regex/automaton.ts";
import { determinize, intersectAutomata } from "../regex/automaton-algebra.ts";
import { hasChar } from "../regex/char-set.ts";
import { automatonTerm } from "./language-term.ts";
import { minimize } from "../regex/minimize.ts";
import { parsePattern } from "../regex/parse-pattern.ts";
import type { RuleSet } from "./rule-set.ts";

export interface TextOptions {
  /** What stands before the text, for the patterns to see. */
  readonly after?: string;
  /** A pattern that occurs nowhere in the text. */
  readonly without: string;
  /** A pattern that the end of the text matches; unset: any does. */
  readonly ending?: string;
}

/** A term for plain texts; undefined when it would be too large a grammar. Patterns are JSON Schema's, without anchors. */
export function textTerm(rules: RuleSet, hint: string, options: TextOptions): string | undefined {
  try {
    return automatonTerm(rules, textAutomaton(options), "plain", hint);
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return undefined;
    throw error;
  }
}

/** Whoever sends tools sends the same ones with each turn, and to put these together takes some 20 ms. */
const recent = new Map<string, Automaton>();
const maxRecent = 32;

function textAutomaton({ after = "", without, ending = "" }: TextOptions): Automaton {
  const key = JSON.stringify([after, without, ending]);
  const automaton =
    recent.get(key) ??
    minimize(intersectAutomata([withoutAutomaton(without), endingWith(ending)].map((each) => behind(after, each))));
  recent.delete(key);
  recent.set(key, automaton);
  const [oldest] = recent.keys();
  if (recent.size > maxRecent && oldest !== undefined) recent.delete(oldest);
  return automaton;
}

/** Texts of which no beginning ends with the pattern. */
function withoutAutomaton(pattern: string): Automaton {
  const upTo = endingWith(pattern);
  return {
    start: upTo.start,
    moves: (state) => upTo.moves(state).filter(({ to }) => !upTo.accepts(to)),
    accepts: () => true,
  };
}

function endingWith(pattern: string): Automaton {
  return determinize(parsePattern(`(?:${pattern})$`).automaton());
}

/** What may follow a text in an automaton that has one way to read it. */
function behind(text: string, automaton: Automaton): Automaton {
  let start = automaton.start;
  for (const char of text) {
    const move = automaton.moves(start).find(({ set }) => hasChar(set, char.codePointAt(0) ?? 0));
    if (move === undefined) throw new Error(`the automaton cannot read ${JSON.stringify(text)}`);
    start = move.to;
  }
  return { ...automaton, start };
}
