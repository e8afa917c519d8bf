import { modelNotFound } from "../protocol/refusals.ts";

/** How requests name models. */
export interface ModelNames {
  /** The configured models, the default one first. */
  readonly ids: readonly string[];
  /** Other names for them, in which `*` stands for any text. */
  readonly aliases: Readonly<Record<string, string>>;
  /** What a name that is not configured means. */
  readonly unknownModel: "error" | "default";
}

/**
 * The configured model that answers a request for `name`: the one of that name, with or without Ollama's `:latest`, the
 * first alias that fits, and for an empty name the first of all. Throws MODEL_NOT_FOUND.
 */
export function resolveModel(name: string, { ids, aliases, unknownModel }: ModelNames): string {
  const [first = ""] = ids;
  if (name === "") return first;
  if (ids.includes(name)) return name;
  const untagged = name.replace(/:latest$/, "");
  if (ids.includes(untagged)) return untagged;
  const alias = Object.keys(aliases).find((pattern) => fits(name, pattern));
  const meant = alias === undefined ? undefined : aliases[alias];
  if (meant !== undefined && ids.includes(meant)) return meant;
  if (unknownModel === "default") return first;
  throw modelNotFound(name, ids);
}

/** Piece by piece, each at its first place: names come from strangers, and a regular expression could be made to hang. */
function fits(name: string, pattern: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start) || !name.endsWith(end) || name.length < start.length + end.length) return false;
  let from = start.length;
  const until = name.length - end.length;
  for (const piece of rest) {
    const at = name.indexOf(piece, from);
    if (at < 0 || at + piece.length > until) return false;
    from = at + piece.length;
  }
  return true;
}
