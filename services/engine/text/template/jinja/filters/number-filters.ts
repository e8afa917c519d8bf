import { runtimeError } from "../jinja-error.ts";
import { isSpace, trimEnd, trimStart } from "../python-space.ts";
import { expectInteger, optionalFlag, optionalInteger, optionalText } from "../run/expect.ts";
import { asNumber } from "../values/compare.ts";
import { asText, typeName, undefinedError } from "../values/facts.ts";
import { fixedText, parseInteger } from "../values/format/number-text.ts";
import { Undefined, type Value } from "../values/value.ts";
import { filter, type Filter } from "./filter.ts";

/** Jinja's filters that make numbers, or texts of them. */
export const numberFilters: Readonly<Record<string, Filter>> = {
  abs: filter([], (value) => {
    const number = numberArg(value);
    return number < 0 ? -number : number;
  }),
  int: filter(["default?", "base?"], (value, [fallback = 0n, base]) => {
    return toInteger(value, optionalInteger(base, 10)) ?? fallback;
  }),
  float: filter(["default?"], (value, [fallback = 0]) => toFloat(value) ?? fallback),
  round: filter(["precision?", "method?"], (value, [precision, method]) => {
    const digits = precision === undefined ? 0 : expectInteger(precision);
    const how = optionalText(method, "common");
    const number = numberArg(value);
    if (how === "common") return typeof number === "bigint" ? roundInteger(number, digits) : roundFloat(number, digits);
    if (how !== "ceil" && how !== "floor") throw runtimeError("method must be common, ceil or floor");
    const scale = 10 ** digits;
    return Math[how](Number(number) * scale) / scale;
  }),
  filesizeformat: filter(["binary?"], (value, [binary]) => {
    const bytes = toFloat(value);
    if (bytes === undefined) throw runtimeError(`could not convert ${typeName(value)} to float`);
    return fileSize(bytes, optionalFlag(binary));
  }),
};

function numberArg(value: Value): bigint | number {
  const number = asNumber(value);
  if (number !== undefined) return number;
  if (value instanceof Undefined) throw undefinedError(value);
  throw runtimeError(`bad operand type: '${typeName(value)}'`);
}

function toInteger(value: Value, base: number): bigint | undefined {
  const text = asText(value);
  const parsed = text === undefined ? undefined : parseBased(trim(text), base);
  if (parsed !== undefined) return parsed;
  if (value instanceof Undefined) throw undefinedError(value);
  const number = text === undefined ? asNumber(value) : toFloat(value);
  if (number === undefined) return undefined;
  if (typeof number === "bigint") return number;
  return Number.isFinite(number) ? BigInt(Math.trunc(number)) : undefined;
}

function parseBased(text: string, base: number): bigint | undefined {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  const prefixes: Readonly<Record<number, string>> = { 2: "0b", 8: "0o", 16: "0x" };
  const prefix = prefixes[base] ?? "";
  const bare = prefix !== "" && digits.toLowerCase().startsWith(prefix) ? digits.slice(2) : digits;
  const clean = /^[\da-z](?:_?[\da-z])*$/i.test(bare) ? bare.replaceAll("_", "").toLowerCase() : undefined;
  if (clean === undefined || clean.length > 4300) return undefined;
  if (base === 10) return /^\d+$/.test(clean) ? signed(sign, parseInteger(clean.replace(/^0+(?=\d)/, ""))) : undefined;
  let value = 0n;
  for (const char of clean) {
    const digit = Number.parseInt(char, 36);
    if (digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return signed(sign, value);
}

function signed(sign: string, value: bigint): bigint {
  return sign === "-" ? -value : value;
}

function toFloat(value: Value): number | undefined {
  if (value instanceof Undefined) throw undefinedError(value);
  const text = asText(value);
  if (text === undefined) {
    const number = asNumber(value);
    return number === undefined ? undefined : Number(number);
  }
  const trimmed = trim(text)
    .toLowerCase()
    .replaceAll(/(?<=\d)_(?=\d)/g, "");
  const word = /^([-+]?)(inf|infinity|nan)$/.exec(trimmed);
  if (word !== null) return word[2] === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(trimmed) ? Number(trimmed) : undefined;
}

function trim(text: string): string {
  return isSpace(text) ? "" : trimEnd(trimStart(text));
}

function roundInteger(value: bigint, digits: number): bigint {
  if (digits >= 0) return value;
  if (digits < -400) return 0n;
  const unit = 10n ** BigInt(-digits);
  const rest = ((value % unit) + unit) % unit;
  const floor = value - rest;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (floor / unit) % 2n !== 0n);
  return isUp ? floor + unit : floor;
}

function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 300) return value;
  if (digits >= 0) return Number(fixedText(value, digits));
  return Number(roundInteger(BigInt(Math.trunc(value)), digits));
}

function fileSize(bytes: number, binary: boolean): string {
  const base = binary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const units = [...(binary ? "KMGTPEZY" : "kMGTPEZY")];
  const at = units.findIndex((_, i) => bytes < base ** (i + 2));
  const power = at === -1 ? units.length - 1 : at;
  return `${fixedText((base * bytes) / base ** (power + 2), 1)} ${units[power]}${binary ? "iB" : "B"}`;
}
