import type { z } from "zod";

const numeral = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
const booleans = new Map<unknown, boolean>([
  ...["1", "on", "t", "true", "y", "yes", 1].map((word): [unknown, boolean] => [word, true]),
  ...["0", "off", "f", "false", "n", "no", 0].map((word): [unknown, boolean] => [word, false]),
]);

export type Coerced =
  /** `input` is the reading that the schema took, `value` what it made of it. */
  | { readonly ok: true; readonly input: unknown; readonly value: unknown }
  /** `fault` is what the schema has against the value as it is written. */
  | { readonly ok: false; readonly fault: string };

/**
 * Reads a value that may be written in another type than the schema wants, by the rules of llama_cpp.server: "4096"
 * is a number, "yes" is true, "[1, 2]" is a list, null is unset. A text may stand for a list of one, as flags and
 * variables need it. A value that the schema takes as it is stays so.
 */
export function coerce(schema: z.ZodType, value: unknown): Coerced {
  for (const candidate of readings(value)) {
    if (candidate === undefined && !isOptional(schema)) continue;
    const result = schema.safeParse(candidate);
    if (result.success) return { ok: true, input: candidate, value: result.data };
  }
  return { ok: false, fault: schema.safeParse(value).error?.issues[0]?.message ?? "" };
}

/** What a value may mean, the most literal reading first. */
function readings(value: unknown): unknown[] {
  if (typeof value === "string") {
    const literal = [value, ...asNumber(value), ...asBoolean(value.toLowerCase()), value.toLowerCase()];
    return [...literal, ...asJson(value).flatMap(readings), ...readings([value])];
  }
  if (Array.isArray(value)) return [value, value.map(itemOf)];
  if (value === null) return [null, undefined];
  return [value, ...asBoolean(value)];
}

function itemOf(item: unknown): unknown {
  return typeof item === "string" ? (asNumber(item)[0] ?? item) : item;
}

function asNumber(text: string): number[] {
  return numeral.test(text) ? [Number(text)] : [];
}

function asBoolean(word: unknown): boolean[] {
  const value = booleans.get(word);
  return value === undefined ? [] : [value];
}

function asJson(text: string): unknown[] {
  if (!/^\s*[[{]/.test(text)) return [];
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

/** Whether unset is a value of its own, which null stands for; a setting with a default is never unset. */
export function isOptional(schema: z.ZodType): boolean {
  const result = schema.safeParse(undefined);
  return result.success && result.data === undefined;
}
