import { literal, type RuleSet } from "./rule-set.ts";

/**
 * JSON itself in GBNF. Whitespace is bounded so that a model cannot emit it for ever: none, one space, or a new line
 * with its indentation; after a colon none or one space. Numbers are bounded so that each is finite as a double: 21
 * digits before the point (as many as JSON.stringify writes), an exponent of at most 279. An escaped surrogate always
 * comes in a pair, which keeps strings well-formed and makes the pair one character.
 */
const jsonRules = {
  ws: String.raw`| " " | "\n" [ \t]{0,20}`,
  "json-value": "json-object | json-array | json-string | json-number | json-boolean | json-null",
  "json-object": `"{" ws ( json-member ( COMMA json-member )* ws )? "}"`,
  "json-member": `json-string COLON json-value`,
  "json-array": `"[" ws ( json-value ( COMMA json-value )* ws )? "]"`,
  "json-string": String.raw`"\"" json-char* "\""`,
  "json-char": String.raw`[^"\\\x00-\x1F] | "\\" json-escape`,
  "json-escape": String.raw`["\\/bfnrt] | "u" json-code-unit`,
  "json-code-unit": String.raw`[0-9A-CE-Fa-ce-f] json-hex{3} | [Dd] [0-7] json-hex{2} | [Dd] [89ABab] json-hex{2} "\\u" [Dd] [C-Fc-f] json-hex{2}`,
  "json-hex": "[0-9A-Fa-f]",
  "json-number": `"-"? json-unsigned`,
  "json-unsigned": `json-natural ( "." [0-9]{1,22} )? json-exponent?`,
  "json-integer": `"-"? json-natural`,
  "json-natural": `"0" | [1-9] [0-9]{0,20}`,
  "json-exponent": `[eE] ( "-" [0-9]{1,3} | "+"? ( [0-9]{1,2} | "1" [0-9]{2} | "2" [0-7] [0-9] ) )`,
  "json-boolean": `"true" | "false"`,
  "json-null": `"null"`,
} as const;

export type JsonRule = keyof typeof jsonRules;

/** A term for the comma between two members or items. */
export function comma(rules: RuleSet): string {
  return rules.spacing === undefined ? `"," ${jsonRule(rules, "ws")}` : literal(rules.spacing.comma);
}

/** A term for the colon behind a name. */
export function colon({ spacing }: Pick<RuleSet, "spacing">): string {
  return spacing === undefined ? `":" " "?` : literal(spacing.colon);
}

/** The name of one of JSON's rules, which is added, with those it needs, when the grammar does not have it yet. */
export function jsonRule(rules: RuleSet, name: JsonRule): JsonRule {
  if (rules.has(name)) return name;
  rules.reserve(name);
  const spaced = jsonRules[name]
    .replace("COMMA", rules.spacing ? comma(rules) : `"," ws`)
    .replace("COLON", colon(rules));
  rules.define(name, name === "ws" && rules.spacing ? `""` : spaced);
  for (const word of jsonRules[name].match(/[a-z-]+/g) ?? []) {
    if (Object.hasOwn(jsonRules, word)) jsonRule(rules, word as JsonRule);
  }
  return name;
}
