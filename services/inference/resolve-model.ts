import { modelNotFound } from "../models/model-handlers.ts";

export interface ResolveOptions {
  /** The configured models, the default one first. */
  readonly ids: readonly string[];
  /** What a name that is not configured means. */
  readonly unknownModel: "error" | "default";
}

/** The configured model that answers a request for `name`; empty means the first. Throws MODEL_NOT_FOUND. */
export function resolveModel(name: string, { ids, unknownModel }: ResolveOptions): string {
  const [first = ""] = ids;
  if (name === "") return first;
  if (ids.includes(name)) return name;
  if (unknownModel === "default") return first;
  throw modelNotFound(name, ids);
}
