import { homedir } from "node:os";
import { z } from "zod";

export const int32Max = 2 ** 31 - 1;
export const uint32Max = 2 ** 32 - 1;

/** A whole number in a range; the upper end is what llama.cpp's int32 holds. */
export function whole(min: number, max = int32Max) {
  return z.int().min(min).max(max);
}

/** A text with at least one character. */
export function text() {
  return z.string().min(1);
}

/** The path of a folder, made absolute by the loader; `~` is the user's own. */
export function folder() {
  return z
    .string()
    .regex(/^[^\0]+$/)
    .transform((path) => (/^~(?=[/\\]|$)/.test(path) ? homedir() + path.slice(1) : path));
}

const repoPattern = /^(?!.*(?:\.\.|--))\w[\w.-]*(?:\/\w[\w.-]*)?$/;

/** A repository on Hugging Face. */
export function hubRepo() {
  return z.string().regex(repoPattern);
}

export function isHubRepo(text: string): boolean {
  return repoPattern.test(text);
}

/** Unset is a value of its own; null means unset, as in llama_cpp.server. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** One of llama.cpp's enums: written by name, or by number as llama_cpp.server has it; parsed, it is the number. */
export function named(numbers: Readonly<Record<string, number>>) {
  return z
    .union([z.enum(Object.keys(numbers)), z.literal(Object.values(numbers))])
    .transform((value) => (typeof value === "string" ? (numbers[value] ?? Number.NaN) : value));
}

/** How a `named` setting is to be written. */
export function namesOf(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${name} (${number})`)
    .join(", ");
}
