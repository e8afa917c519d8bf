import { oneOf } from "./opening.ts";
import type { ReasoningTags } from "../stream/read-reasoning.ts";

export interface TextOptions {
  readonly after?: string;
  readonly without: string;
  readonly ending?: string;
}

/** What a grammar is built with: the part of schema/grammar-builder.ts that is needed here. */
export interface GrammarRules {
  /** Adds rules for the values that a JSON Schema allows, and gives the name to refer to them. */
  addSchema(schema: unknown, ruleName: string, options?: { readonly param?: string }): string;
  /**
   * A term for any text in which the pattern `without` occurs nowhere and that ends with the pattern `ending`, seen as if
   * it stood behind `after`; undefined when it would be too large.
   */
  addText(hint: string, options: TextOptions): string | undefined;
  /** A term for the texts that match a pattern as a whole. */
  addPattern(hint: string, pattern: string, param: string): string;
  /** Adds a rule with a body in GBNF, and gives its name. */
  addRule(name: string, body: string): string;
  /** GBNF for exactly this text. */
  literal(text: string): string;
  /** The grammar. */
  toString(): string;
}

export interface ReasoningState {
  /** undefined: the model does not think aloud. */
  readonly reasoning: ReasoningTags | undefined;
  /** The prompt has already begun the reasoning. */
  readonly reasoningOpen: boolean;
}

/**
 * The body of a `root` rule for an answer that is `body`, with whatever the model wants to think before it: a grammar
 * that forces the answer must not forbid the reasoning. `gap` is what stands between them; unset: any white space. Adds
 * the rules it needs, once per grammar.
 */
export function afterReasoning(
  rules: GrammarRules,
  body: string,
  { reasoning, reasoningOpen, gap }: ReasoningState & { readonly gap?: string | undefined },
): string {
  if (reasoning === undefined) return body;
  const { start, end } = reasoning;
  const text = rules.addText("thought", { without: oneOf([end]) });
  // Only of a pattern that is very long.
  if (text === undefined) throw new Error(`no grammar can look for ${JSON.stringify(end)}`);
  const thought = `${text} ${gap === undefined ? `${rules.literal(end)} [ \\n]{0,4}` : rules.literal(end + gap)}`;
  return reasoningOpen ? `${thought} ${body}` : `(${rules.literal(start)} ${thought})? ${body}`;
}
