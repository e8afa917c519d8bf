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

/** What a model's projector takes beside text, as far as it is known. */
export interface TakesMedia {
  readonly vision: boolean;
  readonly audio: boolean;
}

/** Refuses a picture for a model that does not see and a sound for one that does not hear; undefined: it has no projector. */
export function checkTaken(kind: "image" | "audio", param: string, takes: TakesMedia | undefined): void {
  if (kind === "image" ? takes?.vision : takes?.audio) return;
  const [what, needed] = kind === "image" ? ["pictures", "sees"] : ["sounds", "hears"];
  const why = takes === undefined ? "has no projector" : `has a projector that takes no ${what}`;
  const message = `${param} cannot be shown to this model, which ${why}: choose a model that ${needed}`;
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}
