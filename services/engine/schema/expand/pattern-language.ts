import type { Expander } from "../compile/compiler.ts";
import { pointerTo, shown } from "../document/refusal.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { automatonAccepts, AutomatonTooLarge } from "../regex/automaton.ts";
import { type Language, parsePattern } from "../regex/parse-pattern.ts";
import { PatternError } from "../regex/regex-syntax.ts";

export const tooLarge =
  "needs too large a grammar, together with lengths and other keywords: make it simpler, or its counts smaller";

/** What a `pattern` allows; one that cannot be enforced is told and allows everything: undefined. */
export function patternLanguage({ onUnenforced }: Expander, node: SchemaNode, pattern: string): Language | undefined {
  try {
    return parsePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError) && !(error instanceof AutomatonTooLarge)) throw error;
    const reason = error instanceof PatternError ? error.message : tooLarge;
    onUnenforced(pointerTo(node.pointer, "pattern"), `${shown(pattern)} ${reason}`);
    return undefined;
  }
}

interface Match {
  readonly pattern: string;
  readonly text: string;
  /** The answer where it cannot be told. */
  readonly unknown?: boolean;
}

/** Whether a text that is written in the schema matches a pattern of the node. */
export function matchesPattern(
  expander: Expander,
  node: SchemaNode,
  { pattern, text, unknown = true }: Match,
): boolean {
  const language = patternLanguage(expander, node, pattern);
  try {
    return language ? automatonAccepts(language.automaton(), text) : unknown;
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    expander.onUnenforced(pointerTo(node.pointer, "pattern"), `${shown(pattern)} ${tooLarge}`);
    return unknown;
  }
}
