import { type Decimal, decimalOf, isNumber, isWhole } from "./decimal.ts";
import { keyword, listKeyword, refuseKeyword } from "./keywords.ts";
import { shown } from "./refusal.ts";
import type { SchemaNode } from "./schema-document.ts";

export const jsonTypes = ["null", "boolean", "object", "array", "string", "number", "integer"] as const;
export type JsonType = (typeof jsonTypes)[number];

/** Schemas that must all hold, with nothing left in them that stands for other schemas. */
export type Facts = readonly SchemaNode[];

export interface ValueSpace {
  /** "number" includes "integer"; empty: no value at all. */
  readonly types: ReadonlySet<JsonType>;
  /** How the types are known: from `type`, `enum` and `const`, from other keywords, or not at all, and then all are there. */
  readonly typesAre: "stated" | "inferred" | "unknown";
  /** The only values there are, when `enum` or `const` says so. */
  readonly values: readonly unknown[] | undefined;
}

const keywordsByType: Readonly<Partial<Record<JsonType, readonly string[]>>> = {
  object: "properties required additionalProperties patternProperties propertyNames minProperties maxProperties".split(
    " ",
  ),
  array: "items prefixItems additionalItems minItems maxItems uniqueItems contains minContains maxContains".split(" "),
  string: "minLength maxLength pattern format".split(" "),
  number: "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(" "),
};

/** Keywords that say something by themselves, and not through other schemas at the same place. */
export const assertionKeywords: ReadonlySet<string> = new Set([
  "type",
  "enum",
  "const",
  ...Object.values(keywordsByType).flat(),
]);

/** Keywords that say something through other schemas, or about what others leave open. */
export const applicatorKeywords: ReadonlySet<string> = new Set(
  [
    "$ref allOf anyOf oneOf not if dependentRequired dependentSchemas dependencies",
    "unevaluatedProperties unevaluatedItems $dynamicRef $recursiveRef extends disallow",
  ].flatMap((names) => names.split(" ")),
);

/**
 * Which kinds of values satisfy all facts, as far as `type`, `enum` and `const` tell. Where no type is given it is
 * taken from the keywords that are there: `{"properties": …}` means an object to everyone who writes it, although
 * JSON Schema would let a string pass.
 */
export function valueSpaceOf(facts: Facts): ValueSpace {
  let types: ReadonlySet<JsonType> | undefined;
  let values: readonly unknown[] | undefined;
  for (const fact of facts) {
    const own = typesOf(fact);
    if (own) types = types ? commonTypes(types, own) : own;
    const allowed = valuesOf(fact);
    if (allowed) values = values ? commonValues(values, allowed) : allowed;
  }
  if (values) {
    values = values.filter((value) => !types || hasType(types, value));
    types = new Set(values.map(typeOfValue));
  }
  if (types) return { types, typesAre: "stated", values };
  const inferred = jsonTypes.filter((type) =>
    keywordsByType[type]?.some((name) => facts.some((fact) => keyword(fact, name) !== undefined)),
  );
  if (inferred.length > 0) return { types: new Set(inferred), typesAre: "inferred", values };
  return { types: new Set(jsonTypes), typesAre: "unknown", values };
}

/** The types a schema names; OpenAPI's `nullable: true` adds null to them. */
export function typesOf(node: SchemaNode): ReadonlySet<JsonType> | undefined {
  const written = keyword(node, "type");
  if (written === undefined) return undefined;
  const names = Array.isArray(written) ? written : [written];
  for (const name of names) {
    if (!jsonTypes.includes(name)) {
      refuseKeyword(node, "type", `must be of ${jsonTypes.join(", ")}, and is ${shown(written)}`);
    }
  }
  const types = new Set(names as JsonType[]);
  if (keyword(node, "nullable") === true) types.add("null");
  return types;
}

function valuesOf(node: SchemaNode): readonly unknown[] | undefined {
  const list = listKeyword(node, "enum");
  const value = keyword(node, "const");
  if (value === undefined) return list;
  return list ? commonValues(list, [value]) : [value];
}

/** The types that are in both. */
export function commonTypes(a: ReadonlySet<JsonType>, b: ReadonlySet<JsonType>): ReadonlySet<JsonType> {
  const common = new Set([...a].filter((type) => b.has(type)));
  if ((a.has("integer") && b.has("number")) || (b.has("integer") && a.has("number"))) common.add("integer");
  return common;
}

function commonValues(a: readonly unknown[], b: readonly unknown[]): readonly unknown[] {
  const known = new Set(b.map(canonicalJson));
  return a.filter((value) => known.has(canonicalJson(value)));
}

export function hasType(types: ReadonlySet<JsonType>, value: unknown): boolean {
  const type = typeOfValue(value);
  return types.has(type) || (type === "integer" && types.has("number"));
}

/** The narrowest type: 1.0 is an integer, as JSON Schema says. */
export function typeOfValue(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (isNumber(value)) return isWhole(decimalOf(value)) ? "integer" : "number";
  switch (typeof value) {
    case "boolean":
    case "object":
    case "string":
      return typeof value as JsonType;
    default:
      throw new TypeError(`${typeof value} is not JSON`);
  }
}

/** JSON with its keys in order and its numbers in one spelling: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isNumber(value)) return canonicalNumber(decimalOf(value));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}

function canonicalNumber({ digits, exponent }: Decimal): string {
  return exponent === 0 ? String(digits) : `${digits}e${exponent}`;
}
