import type { ExactJson } from "../../../../../../../clients/json/exact-json.ts";
import { ExactNumber } from "../../../../../../../clients/json/exact-number.ts";
import { Dict } from "../dict.ts";
import type { Value } from "../value.ts";

/** The value that Python's json.loads makes of JSON: digit for digit, `1.0` and `1e5` as floats. */
export function fromJson(json: ExactJson): Value {
  if (typeof json === "number") return Number.isInteger(json) ? BigInt(json) : json;
  if (typeof json !== "object" || json === null) return json;
  if (json instanceof ExactNumber) return /^-?\d+$/.test(json.text) ? BigInt(json.text) : Number(json.text);
  if (Array.isArray(json)) return (json as readonly ExactJson[]).map(fromJson);
  return new Dict(Object.entries(json).map(([name, value]) => [name, fromJson(value)]));
}
