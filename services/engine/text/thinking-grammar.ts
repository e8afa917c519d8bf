import type { ThinkingTags } from "./families/read-thinking.ts";

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
  /** Adds a rule with a body in GBNF, and gives its name. */
  addRule(name: string, body: string): string;
  /** GBNF for exactly this text. */
  literal(text: string): string;
  /** The grammar. */
  toString(): string;
}

export interface ThinkingState {
  /** undefined: the model does not think aloud. */
  readonly thinking: ThinkingTags | undefined;
  /** The prompt has already begun the reasoning. */
  readonly thinkingOpen: boolean;
}

/**
 * The body of a `root` rule for an answer that is `body`, with whatever the model wants to think before it: a grammar
 * that forces the answer must not forbid the reasoning. Adds the rules it needs, once per grammar.
 */
export function afterThinking(rules: GrammarRules, body: string, { thinking, thinkingOpen }: ThinkingState): string {
  if (thinking === undefined) return body;
  const thought = `${addThrough(rules, "thought", thinking.end)} [ \\n]{0,4}`;
  return thinkingOpen ? `${thought} ${body}` : `(${rules.literal(thinking.start)} ${thought})? ${body}`;
}

/**
 * Adds rules for any text up to and including the first `end`, and gives the name of the first. GBNF has no "anything
 * but this text": the rules are the states of the automaton that looks for it (Knuth, Morris and Pratt), one for each
 * number of characters of `end` that have just been read.
 */
function addThrough(rules: GrammarRules, name: string, end: string): string {
  const chars = [...new Set(end)];
  for (let read = 0; read < end.length; read++) {
    const ways = chars.flatMap((char) => {
      const next = longestOverlap(end.slice(0, read) + char, end);
      return next === 0 ? [] : [{ char, after: next === end.length ? "" : ` ${name}-${next}` }];
    });
    const other = `[^${ways.map(({ char }) => escapeInClass(char)).join("")}] ${name}-0`;
    rules.addRule(
      `${name}-${read}`,
      [...ways.map(({ char, after }) => rules.literal(char) + after), other].join(" | "),
    );
  }
  return `${name}-0`;
}

/** The length of the longest end of `text` that is a beginning of `of`. */
function longestOverlap(text: string, of: string): number {
  for (let length = Math.min(text.length, of.length); length > 0; length--) {
    if (text.endsWith(of.slice(0, length))) return length;
  }
  return 0;
}

function escapeInClass(char: string): string {
  if (char === "\n") return "\\n";
  return /[\\\]^-]/.test(char) ? `\\${char}` : char;
}
