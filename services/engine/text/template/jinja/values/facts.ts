import { runtimeError, type JinjaError } from "../jinja-error.ts";
import { Dict, DictView } from "./dict.ts";
import { Range } from "./range.ts";
import { codePointCount } from "./code-points.ts";
import { JinjaObject, Markup, Tuple, Undefined, type Value } from "./value.ts";

/** As Python's `type(x).__name__`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float";
    default:
      if (value === null) return "NoneType";
      return value instanceof JinjaObject ? value.typeName : "list";
  }
}

export function isTrue(value: Value): boolean {
  if (typeof value === "object" && value !== null) return lengthOf(value) !== 0;
  return value !== null && value !== false && value !== "" && value !== 0n && value !== 0;
}

/** As Python's len; undefined: it has none. */
export function lengthOf(value: Value): number | undefined {
  if (typeof value === "string") return codePointCount(value);
  if (typeof value !== "object" || value === null) return undefined;
  if (!(value instanceof JinjaObject)) return value.length;
  if (value instanceof Markup) return codePointCount(value.text);
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Range) return value.length;
  return value instanceof Undefined ? 0 : undefined;
}

/** A text's characters; undefined: it is not a text. */
export function asText(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : undefined;
}

/** The error of whatever needs a value that is not there. */
export function undefinedError({ hint }: Undefined): JinjaError {
  return runtimeError(hint);
}
