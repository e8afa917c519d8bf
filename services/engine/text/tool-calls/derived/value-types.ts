import { ExactNumber } from "../../../../../clients/json/exact-number.ts";
import type { ExactJson } from "../../../../../clients/json/exact-json.ts";

export type JsonType = "string" | "number" | "boolean" | "null" | "object" | "array";

type Schema = Readonly<Record<string, ExactJson>>;

const allTypes: readonly JsonType[] = ["string", "number", "boolean", "null", "object", "array"];

/** The schema of an argument, with the references of the whole schema at hand. */
export interface PropertySchema {
  readonly schema: ExactJson | undefined;
  readonly root: ExactJson | undefined;
}

export function propertySchema(root: ExactJson | undefined, key: string): PropertySchema {
  const schema = isObject(root) ? resolve(root, root) : undefined;
  const properties = isObject(schema) ? schema["properties"] : undefined;
  const own = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return { schema: own, root };
}

/** The types that values of a schema may have, through references, unions and lists of values; all where it says nothing. */
export function typesOf({ schema, root }: PropertySchema): ReadonlySet<JsonType> {
  return new Set(types(schema, 0));

  function types(part: ExactJson | undefined, depth: number): readonly JsonType[] {
    if (!isObject(part) || depth > 20) return allTypes;
    let allowed: readonly JsonType[] = allTypes;
    const keep = (others: readonly JsonType[]) => (allowed = allowed.filter((type) => others.includes(type)));
    if (typeof part["$ref"] === "string") keep(types(resolve(part, root), depth + 1));
    if (part["type"] !== undefined) keep(named(part["type"]));
    if (Array.isArray(part["enum"])) keep((part["enum"] as ExactJson[]).map(typeOfValue));
    if (part["const"] !== undefined) keep([typeOfValue(part["const"])]);
    for (const key of ["anyOf", "oneOf"]) {
      const branches = part[key];
      if (Array.isArray(branches)) keep((branches as ExactJson[]).flatMap((branch) => types(branch, depth + 1)));
    }
    const all = part["allOf"];
    if (Array.isArray(all)) for (const branch of all as ExactJson[]) keep(types(branch, depth + 1));
    return allowed;
  }
}

/** The values that a schema lists; undefined when it lists none. */
export function listedValues({ schema, root }: PropertySchema): readonly ExactJson[] | undefined {
  const part = isObject(schema) ? resolve(schema, root) : undefined;
  if (!isObject(part)) return undefined;
  if (part["const"] !== undefined) return [part["const"]];
  return Array.isArray(part["enum"]) ? (part["enum"] as ExactJson[]) : undefined;
}

function named(type: ExactJson | undefined): readonly JsonType[] {
  const list = Array.isArray(type) ? (type as ExactJson[]) : [type];
  return list.map((name) => (name === "integer" ? "number" : (name as JsonType)));
}

function typeOfValue(value: ExactJson): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof ExactNumber) return "number";
  return typeof value as JsonType;
}

/** What a local reference points at; the schema itself where it has none. */
function resolve(schema: Schema, root: ExactJson | undefined): ExactJson | undefined {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  if (!reference.startsWith("#")) return undefined;
  let part: ExactJson | undefined = root;
  for (const step of reference
    .slice(1)
    .split("/")
    .filter((it) => it !== "")) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    part = isObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
  }
  return part;
}

/** The schema for values of these types only, with the definitions of the whole one. */
export function narrowed({ schema, root }: PropertySchema, types: readonly string[]): ExactJson {
  const definitions = isObject(root)
    ? Object.fromEntries(["$defs", "definitions"].flatMap((key) => (root[key] === undefined ? [] : [[key, root[key]]])))
    : {};
  const part = isObject(schema) ? schema : {};
  const own = part["type"];
  const kept =
    own === "integer" || (Array.isArray(own) && (own as ExactJson[]).includes("integer")) ? "integer" : undefined;
  const type = types.map((name) => (name === "number" && kept !== undefined ? kept : name));
  return { ...definitions, ...part, type: type.length === 1 ? (type[0] ?? "null") : type } as ExactJson;
}

export function isObject(value: ExactJson | undefined): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
