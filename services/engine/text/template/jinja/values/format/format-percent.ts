import type { Budget } from "../../budget.ts";
import { runtimeError } from "../../jinja-error.ts";
import { asNumber } from "../compare.ts";
import { Dict } from "../dict.ts";
import { asText, typeName } from "../facts.ts";
import { formatMagnitude } from "./format-number.ts";
import { repeat } from "../repeat.ts";
import { reprOf, textOf } from "../text.ts";
import { Tuple, type Value } from "../value.ts";
import { codePointCount, sliceText } from "../code-points.ts";

const directive = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?(.)?/gsu;

/** Python's `text % values`. */
export function formatPercent(text: string, values: Value, budget: Budget): string {
  const items = values instanceof Tuple ? values.items : [values];
  let used = 0;
  const take = (): Value => {
    const value = items[used++];
    if (value === undefined) throw runtimeError("not enough arguments for format string");
    return value;
  };
  let isNamed = false;
  const formatted = text.replaceAll(directive, (whole: string, ...groups: (string | undefined)[]) => {
    const [key, flags = "", width, precision, type] = groups;
    if (type === undefined) throw runtimeError("incomplete format");
    if (type === "%") return "%";
    const fullWidth = width === "*" ? Number(asNumber(take())) : Number(width ?? 0);
    const hasPoint = whole.includes(".");
    const digits = precision === "*" ? Number(asNumber(take())) : hasPoint ? Number(precision ?? 0) : undefined;
    if (key !== undefined) isNamed = true;
    const value = key === undefined ? take() : named(values, key);
    return pad(formatOne(value, { type, flags, digits }, budget), { flags, width: fullWidth }, budget);
  });
  const isMapping = values instanceof Dict || Array.isArray(values);
  if (!isNamed && !isMapping && used < items.length) {
    throw runtimeError("not all arguments converted during string formatting");
  }
  return formatted;
}

function named(values: Value, key: string): Value {
  if (!(values instanceof Dict)) throw runtimeError("format requires a mapping");
  const value = values.get(key);
  if (value === undefined) throw runtimeError(`KeyError: '${key}'`);
  return value;
}

interface Directive {
  readonly type: string;
  readonly flags: string;
  readonly digits: number | undefined;
}

function formatOne(value: Value, { type, flags, digits }: Directive, budget: Budget): string {
  switch (type) {
    case "s":
      return sliceText(textOf(value, budget), 0, digits);
    case "r":
    case "a":
      return sliceText(reprOf(value, budget), 0, digits);
    case "c":
      return typeof value === "bigint" ? String.fromCodePoint(Number(value)) : (asText(value) ?? "");
    default:
  }
  const number = asNumber(value);
  const isInteger = "diuoxX".includes(type);
  if (number === undefined || !"diuoxXeEfFgG".includes(type)) {
    if (!"diuoxXeEfFgG".includes(type)) throw runtimeError(`unsupported format character '${type}'`);
    throw runtimeError(
      isInteger
        ? `%${type} format: a real number is required, not ${typeName(value)}`
        : `must be real number, not ${typeName(value)}`,
    );
  }
  if (isInteger && typeof number === "number" && "oxX".includes(type)) {
    throw runtimeError(`%${type} format: an integer is required, not float`);
  }
  const exact = isInteger && typeof number === "number" ? BigInt(Math.trunc(number)) : number;
  const sign = exact < 0 || Object.is(exact, -0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return sign + formatMagnitude(exact, { type, precision: digits, alternate: flags.includes("#") });
}

function pad(text: string, { flags, width }: { flags: string; width: number }, budget: Budget): string {
  const missing = width - codePointCount(text);
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + repeat(" ", missing, budget);
  if (!flags.includes("0") || !/^[-+ ]?\d/.test(text)) return repeat(" ", missing, budget) + text;
  const [sign = ""] = /^[-+ ]?/.exec(text) ?? [];
  return sign + repeat("0", missing, budget) + text.slice(sign.length);
}
