import type { z } from "zod";
import { type FieldPath, formatPath } from "./field-path.ts";
import { findMeant } from "./find-meant.ts";

export interface UnknownField {
  readonly path: string;
  /** The known field of the same object that was probably meant. */
  readonly meant: string | undefined;
}

/**
 * The first `limit` fields of `input` that a zod schema has left out of its `output`, at every depth. It compares
 * instead of walking the schema, so a union is judged by the branch that matched. Needs schemas without transforms.
 */
export function findUnknownFields(
  schema: z.ZodObject,
  { input, output, limit }: { readonly input: unknown; readonly output: unknown; readonly limit: number },
): UnknownField[] {
  const paths: FieldPath[] = [];
  collect(input, output, [], (path) => paths.push(path) < limit);
  return paths.map((path) => ({ path: formatPath(path), meant: findMeant(path, schema) }));
}

/** Reports each path until `report` answers false. */
function collect(input: unknown, output: unknown, path: FieldPath, report: (path: FieldPath) => boolean): boolean {
  // The same value was handed through, as a free-form field's is.
  if (input === output || typeof input !== "object" || input === null) return true;
  if (typeof output !== "object" || output === null) return true;
  const kept = output as Record<string, unknown>;
  for (const [key, value] of Object.entries(input)) {
    const at = [...path, Array.isArray(input) ? Number(key) : key];
    if (!(Object.hasOwn(kept, key) ? collect(value, kept[key], at, report) : report(at))) return false;
  }
  return true;
}
