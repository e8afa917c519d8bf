import { z } from "zod";
import { type FieldPath, formatPath } from "./field-path.ts";

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

/** Names that mean the same elsewhere, too far apart to be found by their letters. */
const synonyms: Readonly<Record<string, string>> = {
  repetition_penalty: "repeat_penalty",
  n_predict: "max_tokens",
  max_new_tokens: "max_tokens",
  typ_p: "typical_p",
  temp: "temperature",
  stop_sequences: "stop",
  guided_json: "json_schema",
  guided_grammar: "grammar",
  enable_thinking: "chat_template_kwargs",
};

function findMeant(path: FieldPath, schema: z.ZodObject): string | undefined {
  const name = String(path.at(-1));
  const candidates = knownNames(path, schema);
  const synonym = synonyms[name];
  if (synonym !== undefined && candidates.includes(synonym)) return synonym;
  // A third of the letters may be wrong: `templature`, `maxTokens`; not `foo` for `stop`.
  const allowed = Math.floor(name.length / 3);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > allowed) continue;
    const distance = editDistance(name.toLowerCase(), candidate);
    if (distance <= allowed && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** At the top the schema's own fields; below, every name that occurs anywhere under the same top-level field. */
function knownNames(path: FieldPath, schema: z.ZodObject): readonly string[] {
  const [top] = path;
  if (path.length === 1) return Object.keys(schema.shape);
  const field = schema.shape[String(top)];
  if (field === undefined) return [];
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties") Object.keys(value as object).forEach((name) => names.add(name));
      visit(value);
    }
  };
  visit(z.toJSONSchema(field as z.ZodType, { unrepresentable: "any" }));
  return [...names];
}

/** Levenshtein's distance, by rows; long names are cut, since nothing that long is a near miss. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a.slice(0, 64)].entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
