import type { JsonValue } from "@bufbuild/protobuf";
import { Dict } from "./dict.ts";
import type { Value } from "./value.ts";

/** A template's value of JSON that was read by JavaScript: its whole numbers are taken for integers. */
export function fromJson(json: JsonValue): Value {
  if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  return new Dict(Object.entries(json).map(([name, value]) => [name, fromJson(value)]));
}
