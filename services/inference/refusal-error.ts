import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { Refusal } from "../scheduler/ticket.ts";
import { tooManyChoices } from "../worker/jobs/parse-limits.ts";

/** What a caller is told who is not served. */
export function refusalError(refusal: Refusal): Error {
  switch (refusal.kind) {
    case "shutting-down":
      return new RpcError(ErrorReason.SHUTTING_DOWN, "the server is shutting down", refusal);
    case "deadline":
      return new RpcError(ErrorReason.DEADLINE, "the deadline passed while the request waited for its turn");
    case "too-many-choices":
      return tooManyChoices(refusal.places, refusal.slots);
    case "load-failed":
      return new RpcError(
        ErrorReason.MODEL_LOAD_FAILED,
        `model "${refusal.model}" could not be loaded: ${refusal.message}`,
      );
    case "queue-full": {
      const whose = refusal.scope === "model" ? "this model's queue" : "the server's queue";
      const message = `${whose} is full (${refusal.waiting} waiting); try again later`;
      return new RpcError(ErrorReason.OVERLOADED, message, refusal);
    }
  }
}
