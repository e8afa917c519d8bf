import type { ExactJson } from "../../../../clients/json/exact-json.ts";
import type { ChatTool } from "../chat-messages.ts";
import type { InlineArguments, Notation, Piece, TaggedArguments, ValueType } from "./derived/call-form.ts";
import {
  isObject,
  listedValues,
  narrowed,
  propertySchema,
  typesOf,
  type PropertySchema,
} from "./derived/value-types.ts";
import { notationTerm, notationText } from "./notation-grammar.ts";
import { oneOf } from "./opening.ts";
import type { GrammarRules } from "./reasoning-grammar.ts";

export interface ArgumentRules {
  readonly rules: GrammarRules;
  readonly tool: ChatTool;
  /** The request's field that holds the tool's schema. */
  readonly param: string;
  /** How objects and lists are written; unset: as JSON. */
  readonly notation?: Notation | undefined;
  /** Whether arguments stand in the order of their names. */
  readonly sorts?: boolean | undefined;
}

/** One argument: the text that stands before its value, the value's schema, and the text behind it. */
interface Argument {
  readonly key: string;
  readonly property: PropertySchema;
  readonly isRequired: boolean;
}

/**
 * Terms for the arguments of a call where each stands for itself, in the schema's order: `some` for at least one,
 * `none` whether there may be none.
 */
export interface ArgumentTerms {
  readonly some: string | undefined;
  readonly none: boolean;
}

export function taggedTerms(options: ArgumentRules, form: TaggedArguments): ArgumentTerms {
  const { rules } = options;
  const text = (pieces: readonly Piece[], key: string) =>
    rules.literal(pieces.map((piece) => (typeof piece === "string" ? piece : key)).join(""));
  return chain(options, "", ({ key, property }) => {
    const close = text(form.close, key);
    const end = form.close
      .map((piece) => (typeof piece === "string" ? piece : key))
      .join("")
      .trim();
    const ways = valueTerms(options, { key, property, end, style: form.style });
    const named = ways.map(
      ({ type, term }) => `${rules.literal(form.open + key + form.between[type])} ${term} ${close}`,
    );
    return named.length === 1 ? (named[0] ?? "") : `(${named.join(" | ")})`;
  });
}

export function inlineTerms(options: ArgumentRules, form: InlineArguments): ArgumentTerms {
  const { rules } = options;
  return chain(options, form.separator, ({ key, property }) => {
    const quote = rules.literal(form.quote);
    const ways = valueTerms(options, { key, property, end: form.quote, style: form.style }).map(({ type, term }) =>
      type === "string" ? `${quote} ${term} ${quote}` : term,
    );
    return `${rules.literal(key + form.between)} ${ways.length === 1 ? (ways[0] ?? "") : `(${ways.join(" | ")})`}`;
  });
}

/** Arguments in order, of which those that are not required may be missing. */
function chain(options: ArgumentRules, separator: string, term: (argument: Argument) => string): ArgumentTerms {
  const { rules, tool, sorts } = options;
  const all = argumentsOf(tool);
  const list = sorts === true ? all.toSorted((a, b) => compareNames(a.key, b.key)) : all;
  const terms = list.map((argument, i) => rules.addRule(`${ruleName(tool.name)}-arg-${i}`, term(argument)));
  const between = separator === "" ? "" : `${rules.literal(separator)} `;
  let rest = "";
  const rests: string[] = [];
  for (let i = list.length - 1; i >= 0; i--) {
    rests[i] = rest;
    const next = `${between}${terms[i]}`;
    const one = list[i]?.isRequired === true ? next : `(${next})?`;
    const body = rest === "" ? one : `${one} ${rest}`;
    rest = rules.addRule(`${ruleName(tool.name)}-args-${i}`, body);
  }
  const firstRequired = list.findIndex(({ isRequired }) => isRequired);
  const starts = firstRequired === -1 ? list.length : firstRequired + 1;
  const ways = terms.slice(0, starts).map((first, i) => (rests[i] === "" ? first : `${first} ${rests[i]}`));
  return { some: ways.length === 0 ? undefined : `(${ways.join(" | ")})`, none: firstRequired === -1 };
}

/** As Jinja's dictsort. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

function argumentsOf({ parameters }: ChatTool): readonly Argument[] {
  const schema = isObject(parameters) ? parameters : {};
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? (schema["required"] as ExactJson[]) : [];
  return Object.keys(properties).map((key) => ({
    key,
    property: propertySchema(parameters, key),
    isRequired: required.includes(key),
  }));
}

interface ValueOptions {
  readonly key: string;
  readonly property: PropertySchema;
  /** What ends a text, and so cannot be in one. */
  readonly end: string;
  readonly style: "json" | "python";
}

/** A value of this type in the notation of the template; undefined: JSON will do, or has to. */
function nestedTerm(
  { rules, param, notation }: ArgumentRules,
  property: PropertySchema,
  { type, name }: { readonly type: "object" | "array"; readonly name: string },
): string | undefined {
  return notation && notationTerm({ rules, param, notation }, property, { only: type, hint: `${name}-${type}` });
}

/** The ways to write a value, each with the type of value that it is. */
function valueTerms(
  options: ArgumentRules,
  value: ValueOptions,
): { readonly type: ValueType; readonly term: string }[] {
  const { rules, tool, param, notation } = options;
  const { property, style } = value;
  const listed = listedValues(property);
  if (listed !== undefined) {
    return listed.map((item) => {
      if (typeof item === "string") return { type: "string", term: rules.literal(item) };
      const written = options.notation && notationText(item, options.notation);
      if (written !== undefined) return { type: typeOf(item), term: rules.literal(written) };
      const json = typeof item === "boolean" || item === null ? wordOf(item, style) : JSON.stringify(item);
      return { type: typeOf(item), term: rules.literal(json) };
    });
  }
  const types = typesOf(property);
  const ways: { type: ValueType; term: string }[] = [];
  if (types.has("string")) ways.push({ type: "string", term: textTerm(options, value) });
  if (types.has("boolean")) {
    ways.push({
      type: "boolean",
      term: `(${rules.literal(notation?.true ?? wordOf(true, style))} | ${rules.literal(notation?.false ?? wordOf(false, style))})`,
    });
  }
  if (types.has("null")) ways.push({ type: "null", term: rules.literal(notation?.null ?? wordOf(null, style)) });
  const name = `${ruleName(tool.name)}-${ruleName(value.key)}`;
  for (const [type, kinds] of [
    ["number", ["number"]],
    ["object", ["object"]],
    ["array", ["array"]],
  ] as const) {
    if (!kinds.some((kind) => types.has(kind))) continue;
    const nested = type === "number" ? undefined : nestedTerm(options, property, { type, name });
    if (nested !== undefined) {
      ways.push({ type, term: nested });
      continue;
    }
    const schema = narrowed(
      property,
      kinds.filter((kind) => types.has(kind)),
    );
    ways.push({ type, term: rules.addSchema(schema, `${name}-${type}`, { param }) });
  }
  return ways;
}

function textTerm({ rules, param, tool }: ArgumentRules, { key, property, end }: ValueOptions): string {
  const hint = `${ruleName(tool.name)}-${ruleName(key)}`;
  const schema = isObject(property.schema) ? property.schema : {};
  const pattern = schema["pattern"];
  const [min, max] = [schema["minLength"], schema["maxLength"]];
  if (typeof pattern === "string") {
    const start = pattern.startsWith("^") ? pattern : String.raw`^[^<]*(?:${pattern})`;
    return rules.addPattern(hint, start.endsWith("$") ? start : String.raw`(?:${start})[^<]*$`, param);
  }
  if (typeof min === "number" || typeof max === "number") {
    return rules.addPattern(hint, String.raw`^[^<]{${min ?? 0},${max ?? ""}}$`, param);
  }
  const text = rules.addText(hint, { without: oneOf([end]) });
  if (text === undefined) throw new Error(`no grammar can look for ${JSON.stringify(end)}`);
  return text;
}

function wordOf(value: boolean | null, style: "json" | "python"): string {
  if (style === "json") return String(value);
  return value === null ? "None" : value ? "True" : "False";
}

function typeOf(value: ExactJson): ValueType {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value)) return "array";
  return isObject(value) ? "object" : "number";
}

/** A name as part of a rule's name. */
function ruleName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9]/g, (char) => `-${char.charCodeAt(0).toString(16)}-`);
}
