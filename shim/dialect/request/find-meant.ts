import { z } from "zod";
import type { FieldPath } from "./field-path.ts";
import { nearestName } from "./nearest-name.ts";

/** Names that mean the same elsewhere, too far apart to be found by their letters. */
const synonyms: Readonly<Record<string, string>> = {
  max_new_tokens: "max_tokens",
  typ_p: "typical_p",
  temp: "temperature",
  stop_sequences: "stop",
  enable_thinking: "chat_template_kwargs",
};

/** The field that was probably meant by the unknown one at `path`: a synonym, or the nearest name by its letters. */
export function findMeant(path: FieldPath, schema: z.ZodObject): string | undefined {
  const name = String(path.at(-1));
  const candidates = knownNames(path, schema);
  const synonym = synonyms[name];
  if (synonym !== undefined && candidates.includes(synonym)) return synonym;
  return nearestName(name, candidates);
}

/** At the top the schema's own fields; below, every name that occurs anywhere under the same top-level field. */
function knownNames([top, ...below]: FieldPath, schema: z.ZodObject): readonly string[] {
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  if (below.length === 0) return Object.keys(shape);
  const field = shape[String(top)];
  return field === undefined ? [] : nestedNames(field);
}

/** Schemas live as long as the program, and walking one takes a while. */
const namesOf = new WeakMap<z.ZodType, readonly string[]>();

function nestedNames(schema: z.ZodType): readonly string[] {
  const known = namesOf.get(schema);
  if (known !== undefined) return known;
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node) as [string, unknown][]) {
      if (key === "properties") Object.keys(value as object).forEach((name) => names.add(name));
      visit(value);
    }
  };
  visit(z.toJSONSchema(schema, { unrepresentable: "any" }));
  namesOf.set(schema, [...names]);
  return [...names];
}
