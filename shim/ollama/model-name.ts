import { invalidParameter } from "../../clients/errors.ts";

const latest = ":latest";

/** The model's id for a name of Ollama's, where `name:latest` is `name`. */
export function toModelId(name: string): string {
  return name.endsWith(latest) ? name.slice(0, -latest.length) : name;
}

/** A model's id as Ollama lists it: always with a tag. */
export function toModelName(id: string): string {
  return /:[^/]+$/.test(id) ? id : id + latest;
}

/** The model that a request names by one of its two fields. Throws INVALID_PARAMETER without one. */
export function requiredModel({
  model,
  name,
}: {
  readonly model?: string | null | undefined;
  readonly name?: string | null | undefined;
}): string {
  const given = model || name;
  if (!given) throw invalidParameter("model", "model is required");
  return toModelId(given);
}
