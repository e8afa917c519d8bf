import type { Budget } from "../../budget.ts";
import { runtimeError } from "../../jinja-error.ts";
import { codePointCount, sliceText } from "../code-points.ts";
import { asNumber } from "../compare.ts";
import { asText, typeName } from "../facts.ts";
import { formatMagnitude } from "./format-number.ts";
import { repeat } from "../repeat.ts";
import { textOf } from "../text.ts";
import type { Value } from "../value.ts";

const spec = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/su;

/** Python's `format(value, spec)`. */
export function formatSpec(value: Value, text: string, budget: Budget): string {
  if (text === "") return textOf(value, budget);
  const match = spec.exec(text);
  if (match === null) throw runtimeError(`Invalid format specifier '${text}' for object of type '${typeName(value)}'`);
  const [, fillChar, align, sign = "-", , alternate, zero, width, group, precision, type = ""] = match;
  const digits = precision === undefined ? undefined : Number(precision);
  const fill = { fill: fillChar ?? (zero === undefined ? " " : "0"), width: Number(width ?? 0) };
  const string = asText(value);
  if (string !== undefined) {
    if (type !== "" && type !== "s") throw unknownCode(type, value);
    return pad(sliceText(string, 0, digits), { ...fill, align: align ?? "<" }, budget);
  }
  const number = asNumber(value);
  if (number === undefined) throw runtimeError(`unsupported format string passed to ${typeName(value)}.__format__`);
  if (type === "c") return pad(String.fromCodePoint(Number(number)), { ...fill, align: align ?? "<" }, budget);
  const asFloat = typeof number === "bigint" && /[eEfFgG%]/.test(type) ? Number(number) : number;
  if (!/^[bdoxXneEfFgG%]?$/.test(type) || (typeof number === "number" && /[bdoxX]/.test(type)))
    throw unknownCode(type, value);
  const magnitude = formatMagnitude(asFloat, { type, precision: digits, alternate: alternate !== undefined });
  const grouped = group === undefined ? magnitude : groupDigits(magnitude, group);
  const signText = asFloat < 0 || Object.is(asFloat, -0) ? "-" : sign === "-" ? "" : sign;
  return pad(grouped, { ...fill, align: align ?? (zero === undefined ? ">" : "="), sign: signText }, budget);
}

interface Padding {
  readonly fill: string;
  readonly align: string;
  readonly width: number;
  readonly sign?: string;
}

function pad(text: string, { fill, align, width, sign = "" }: Padding, budget: Budget): string {
  const missing = Math.max(0, width - codePointCount(text) - sign.length);
  const fillText = (count: number) => repeat(fill, count, budget);
  if (align === "<") return sign + text + fillText(missing);
  if (align === ">") return fillText(missing) + sign + text;
  if (align === "=") return sign + fillText(missing) + text;
  const before = Math.floor(missing / 2);
  return fillText(before) + sign + text + fillText(missing - before);
}

function groupDigits(text: string, separator: string): string {
  const [whole = "", ...rest] = text.split(/(?=[.e%])/);
  return whole.replaceAll(/\B(?=(?:\d{3})+$)/g, separator) + rest.join("");
}

function unknownCode(type: string, value: Value) {
  return runtimeError(`Unknown format code '${type}' for object of type '${typeName(value)}'`);
}
