import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { Refusal } from "../scheduler/ticket.ts";
import { describeNoRoom } from "../memory/describe-no-room.ts";
import { tooManyChoices } from "../protocol/refusals.ts";

/** Other programs may have given memory back by then. */
const memoryRetryMs = 10_000;

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
        refusal.memory ? ErrorReason.INSUFFICIENT_MEMORY : ErrorReason.MODEL_LOAD_FAILED,
        `model "${refusal.model}" could not be loaded: ${refusal.message}`,
        refusal.memory ? { retryAfterMs: memoryRetryMs } : {},
      );
    case "load-cancelled":
      return new RpcError(
        ErrorReason.MODEL_LOADING,
        `model "${refusal.model}" was unloaded on request before it could answer; ask again to load it`,
        refusal,
      );
    case "removed":
      return new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${refusal.model}" is not served any more`, {
        param: "model",
      });
    case "no-room":
      return new RpcError(ErrorReason.INSUFFICIENT_MEMORY, describeNoRoom(refusal.model, refusal.room));
    case "queue-full": {
      const whose = refusal.scope === "model" ? "this model's queue" : "the server's queue";
      const message = `${whose} is full (${refusal.waiting} waiting); try again later`;
      return new RpcError(ErrorReason.OVERLOADED, message, refusal);
    }
  }
}
