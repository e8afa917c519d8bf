import { matchesPattern } from "./matches-pattern.ts";

/** Files of one model, in their order: one, or all parts of a split one. */
export type ModelParts = readonly [first: string, ...more: string[]];

export type Choice =
  | { readonly ok: true; readonly parts: ModelParts }
  /** The end of a sentence that names the pattern. */
  | { readonly ok: false; readonly fault: string };

const split = /-(\d{5})-of-(\d{5})\.gguf$/i;
const maxListed = 20;

/**
 * The one model among a repository's files that a name or pattern means; the parts of a split model are one. A file that
 * is called like the pattern goes before those that match it.
 */
export function chooseGguf(files: readonly string[], pattern: string): Choice {
  const ggufs = files.filter((file) => /\.gguf$/i.test(file));
  const matching = ggufs.includes(pattern) ? [pattern] : ggufs.filter((file) => matchesPattern(file, pattern));
  const models = Map.groupBy(matching, modelOf);
  const [model, another] = models.keys();
  if (model === undefined) return { ok: false, fault: `matches no GGUF file (${thereIs(ggufs, files)})` };
  if (another !== undefined)
    return { ok: false, fault: `matches ${models.size} models: choose one of ${list([...models.keys()])}` };
  const parts = ggufs.filter((file) => modelOf(file) === model).sort();
  const [first, ...more] = parts;
  const count = Number(split.exec(model)?.[2] ?? 1);
  if (first === undefined || parts.length !== count)
    return { ok: false, fault: `is split in ${count} files, of which ${parts.length} are there` };
  return { ok: true, parts: [first, ...more] };
}

/** What all parts of a model are called. */
function modelOf(file: string): string {
  return file.replace(split, "-00001-of-$2.gguf");
}

function thereIs(ggufs: readonly string[], files: readonly string[]): string {
  if (ggufs.length > 0) return `there is ${list([...new Set(ggufs.map(modelOf))])}`;
  return files.length > 0 ? `there is none, but ${list(files)}` : "it is empty";
}

function list(names: readonly string[]): string {
  const more = names.length - maxListed;
  return names.slice(0, maxListed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
