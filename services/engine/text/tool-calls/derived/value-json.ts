import type { ValueType } from "./call-form.ts";
import { pythonToJson } from "./python-literal.ts";
import { listedValues, typesOf, type JsonType, type PropertySchema } from "./value-types.ts";

/**
 * The JSON of a value that is written without quotes (`<parameter=days>3</parameter>`): by the type that the markup
 * says, or by those that its schema allows. What fits no other type is a text; so is everything where only texts may be.
 */
export function valueJson(text: string, property: PropertySchema, said?: ReadonlySet<ValueType>): string {
  if (said?.has("string") === true && said.size === 1) return JSON.stringify(text);
  const types = typesOf(property);
  if (types.has("string") && listedValues(property)?.includes(text) === true) return JSON.stringify(text);
  const json = pythonToJson(text.trim());
  const type = json === undefined ? undefined : typeOfJson(json);
  const fits = type !== undefined && (types.has(type) || !types.has("string"));
  if (json === undefined || type === "string" || !fits) return JSON.stringify(text);
  return said?.has("string") === true && types.size === 1 && types.has("string") ? JSON.stringify(text) : json;
}

function typeOfJson(json: string): JsonType {
  switch (json.charAt(0)) {
    case '"':
      return "string";
    case "{":
      return "object";
    case "[":
      return "array";
    case "t":
    case "f":
      return "boolean";
    case "n":
      return "null";
    default:
      return "number";
  }
}
