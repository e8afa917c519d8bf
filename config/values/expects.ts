import type { JsonSchema } from "./json-of.ts";

/** What a value must be, in words, from its JSON Schema: `a whole number from 0 to 65535`. */
export function expects(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf.filter((option) => option.type !== "null"));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return oneOf(schema.enum.map((value) => (typeof value === "string" ? value : JSON.stringify(value))));
  const [type] = [schema.type ?? []].flat().filter((name) => name !== "null");
  switch (type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "array":
      return `a list, each item ${typeof schema.items === "object" && !Array.isArray(schema.items) ? expects(schema.items) : "any value"}`;
    case "object":
      return "an object";
    case "string":
      return schema.minLength === undefined ? "a text" : "a text that is not empty";
    default:
      return "another value";
  }
}

/** Whether a JSON Schema admits a type, directly or as one of its alternatives. */
export function admits(schema: JsonSchema, type: "array" | "boolean" | "object"): boolean {
  return [schema.type ?? []].flat().includes(type) || (schema.anyOf ?? []).some((option) => admits(option, type));
}

/** The words that a JSON Schema admits by name. */
export function choices(schema: JsonSchema): string[] {
  const own = [...(schema.enum ?? []), schema.const].filter((value) => typeof value === "string");
  return [...own, ...(schema.anyOf ?? []).flatMap(choices)];
}

function alternatives(options: readonly JsonSchema[]): string {
  return [...new Set(options.map(expects))].join(", or ");
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(", ")}`;
}

/** Nobody asked for bounds as wide as JavaScript's exact integers. */
function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const from = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return ` of at least ${from}`;
  if (to !== undefined) return ` of at most ${to}`;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  return exclusiveMaximum === undefined ? "" : ` below ${exclusiveMaximum}`;
}
