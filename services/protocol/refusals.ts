import { ErrorReason, invalidParameter, RpcError } from "../../clients/errors.ts";

/** The refusal of a model that is not configured: it names those that are. */
export function modelNotFound(name: string, ids: readonly string[]): RpcError {
  // Names come from strangers; the message goes into headers and logs.
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  const message = `model ${shown} is not configured (have: ${ids.join(", ")})`;
  return new RpcError(ErrorReason.MODEL_NOT_FOUND, message, { param: "model" });
}

/** The refusal of an `n` above a model's slots, of which a model that only embeds has none. */
export function tooManyChoices(n: number, slots: number): Error {
  if (slots === 0) {
    const message =
      "this model cannot generate: it turns texts into vectors, or (vocab_only) only tokenizes; name another model";
    return invalidParameter("model", message);
  }
  return invalidParameter("n", `n must be at most ${slots}, the number of slots of this model, not ${n}`);
}
