import type { ExactJson } from "../../../../clients/json/exact-json.ts";
import type { Notation } from "./derived/call-form.ts";
import {
  isObject,
  listedValues,
  narrowed,
  propertySchema,
  typesOf,
  type PropertySchema,
} from "./derived/value-types.ts";
import { oneOf } from "./opening.ts";
import type { GrammarRules } from "./reasoning-grammar.ts";

export interface NotationRules {
  readonly rules: GrammarRules;
  readonly notation: Notation;
  /** The request's field that holds the schema. */
  readonly param: string;
}

interface TermOptions {
  readonly hint: string;
  /** The only type that is wanted. */
  readonly only?: "object" | "array";
}

// What a schema says of texts, objects and lists beyond these a grammar of JSON enforces, and no other.
const plainKeywords = new Set(
  (
    "$comment additionalProperties const default description enum exclusiveMaximum exclusiveMinimum items maxItems minItems " +
    "maximum minimum multipleOf properties required title type"
  ).split(" "),
);
const maxDepth = 8;

/**
 * A term for the values of a schema in the notation of a template. undefined: it is not known how, as where a schema
 * says more than types, members and items.
 */
export function notationTerm(
  options: NotationRules,
  property: PropertySchema,
  { hint, only }: TermOptions,
  depth = 0,
): string | undefined {
  const { rules, notation, param } = options;
  const { schema, root } = property;
  if (depth > maxDepth || !isObject(schema) || Object.keys(schema).some((key) => !plainKeywords.has(key))) {
    return undefined;
  }
  const listed = listedValues(property);
  if (listed !== undefined) {
    const texts = listed.map((value) => notationText(value, notation)).filter((text) => text !== undefined);
    return texts.length < listed.length ? undefined : either(texts.map((text) => rules.literal(text)));
  }
  const types = [...typesOf(property)].filter((type) => only === undefined || type === only);
  const ways = types.map((type) => {
    switch (type) {
      case "string":
        return stringTerm(options, hint);
      case "number":
        return rules.addSchema(narrowed(property, ["number"]), `${hint}-number`, { param });
      case "boolean":
        return either([rules.literal(notation.true), rules.literal(notation.false)]);
      case "null":
        return rules.literal(notation.null);
      case "object":
        return objectTerm(options, { schema, root }, hint, depth);
      case "array":
        return arrayTerm(options, { schema, root }, hint, depth);
    }
  });
  return ways.some((way) => way === undefined) ? undefined : either(ways.filter((way) => way !== undefined));
}

/** A value as the notation has it; undefined: it has a text that would have to be escaped. */
export function notationText(value: ExactJson, notation: Notation): string | undefined {
  const { quote } = notation;
  const json = JSON.stringify(value);
  // JSON has a backslash before each of its own quotes in a text.
  const isEscaped = quote.length === 1 && (json.includes("\\") || (quote !== '"' && json.includes(quote)));
  return isEscaped ? undefined : written(value, notation);
}

function written(value: ExactJson, notation: Notation): string {
  const { quote, keyQuote, comma, colon } = notation;
  if (typeof value === "string") return quote + value + quote;
  if (typeof value === "boolean") return value ? notation.true : notation.false;
  if (value === null) return notation.null;
  if (Array.isArray(value)) {
    return `[${(value as readonly ExactJson[]).map((item) => written(item, notation)).join(comma)}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => keyQuote + key + keyQuote + colon + written(item, notation),
  );
  return `{${members.join(comma)}}`;
}

function stringTerm({ rules, notation: { quote } }: NotationRules, hint: string): string | undefined {
  // Neither what ends a text, nor what would have to be escaped in one.
  const text = rules.addText(hint, { without: oneOf(quote.length === 1 ? [quote, "\\", "\n"] : [quote]) });
  return text && `${rules.literal(quote)} ${text} ${rules.literal(quote)}`;
}

/** Members in the schema's order, of which those that are not required may be missing. */
function objectTerm(options: NotationRules, { schema, root }: PropertySchema, hint: string, depth: number) {
  const { rules, notation } = options;
  const { properties, required } = isObject(schema) ? schema : {};
  if (!isObject(properties)) return undefined;
  const needed = Array.isArray(required) ? (required as readonly ExactJson[]) : [];
  const members: string[] = [];
  for (const key of Object.keys(properties)) {
    const value = notationTerm(
      options,
      { ...propertySchema(schema, key), root },
      { hint: `${hint}-${members.length}` },
      depth + 1,
    );
    if (value === undefined) return undefined;
    const name = rules.literal(notation.keyQuote + key + notation.keyQuote + notation.colon);
    members.push(rules.addRule(`${hint}-member-${members.length}`, `${name} ${value}`));
  }
  const comma = rules.literal(notation.comma);
  /** Members from `at` on, behind others or as the first ones; undefined: there have to be some. */
  const from = (at: number, isFirst: boolean): string => {
    const member = members[at];
    if (member === undefined) return "";
    const taken = `${isFirst ? "" : `${comma} `}${member} ${from(at + 1, false)}`.trim();
    if (needed.includes(Object.keys(properties)[at] ?? "")) return taken;
    if (!isFirst) return `(${comma} ${member})? ${from(at + 1, false)}`.trim();
    return `(${taken} | ${from(at + 1, true)})`;
  };
  const inside = from(0, true);
  return `${rules.literal("{")} ${inside} ${rules.literal("}")}`;
}

function arrayTerm(options: NotationRules, { schema, root }: PropertySchema, hint: string, depth: number) {
  const { rules, notation } = options;
  const { items, minItems = 0, maxItems } = isObject(schema) ? schema : {};
  const item = notationTerm(options, { schema: items, root }, { hint: `${hint}-item` }, depth + 1);
  if (item === undefined || typeof minItems !== "number") return undefined;
  const one = rules.addRule(`${hint}-one`, item);
  if (maxItems === 0) return rules.literal("[]");
  const most = typeof maxItems === "number" ? String(maxItems - 1) : "";
  const some = `${one} (${rules.literal(notation.comma)} ${one}){${Math.max(0, minItems - 1)},${most}}`;
  return `${rules.literal("[")} ${minItems > 0 ? some : `(${some})?`} ${rules.literal("]")}`;
}

function either(ways: readonly string[]): string {
  return ways.length === 1 ? (ways[0] ?? "") : `(${ways.join(" | ")})`;
}
