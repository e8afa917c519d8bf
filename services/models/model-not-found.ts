import { ErrorReason, RpcError } from "../../clients/errors.ts";

/** The refusal of a model that is not configured: it names those that are. */
export function modelNotFound(name: string, ids: readonly string[]): RpcError {
  // Names come from strangers; the message goes into headers and logs.
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  const message = `model ${shown} is not configured (have: ${ids.join(", ")})`;
  return new RpcError(ErrorReason.MODEL_NOT_FOUND, message, { param: "model" });
}
