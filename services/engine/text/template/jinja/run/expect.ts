import { runtimeError } from "../jinja-error.ts";
import { asNumber } from "../values/compare.ts";
import { asText, isTrue, typeName, undefinedError } from "../values/facts.ts";
import { Undefined, type Value } from "../values/value.ts";

/** An argument that has to be a text. Throws for others. */
export function expectText(value: Value): string {
  const text = asText(value);
  if (text !== undefined) return text;
  if (value instanceof Undefined) throw undefinedError(value);
  throw runtimeError(`must be str, not ${typeName(value)}`);
}

/** An argument that has to be an integer. Throws for others. */
export function expectInteger(value: Value): number {
  const number = asNumber(value);
  if (typeof number === "bigint") return Number(number);
  if (value instanceof Undefined) throw undefinedError(value);
  throw runtimeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

export function optionalText(value: Value | undefined, fallback: string): string {
  return value === undefined ? fallback : expectText(value);
}

export function optionalInteger(value: Value | undefined, fallback: number): number {
  return value === undefined || value === null ? fallback : expectInteger(value);
}

export function optionalFlag(value: Value | undefined): boolean {
  return value !== undefined && isTrue(value);
}
