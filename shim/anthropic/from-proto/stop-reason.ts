import { type Finished, FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { AnthropicMessage, StopReason } from "./message.ts";

/** Why an answer ended, with the stop text that was found. Throws for a reason that this server does not know. */
export function stopFromProto(finished: Finished): Pick<AnthropicMessage, "stop_reason" | "stop_sequence"> {
  const stop_reason = reasonOf(finished);
  return { stop_reason, stop_sequence: stop_reason === "stop_sequence" ? (finished.stopSequence ?? null) : null };
}

function reasonOf({ reason, stopSequence }: Finished): StopReason {
  switch (reason) {
    case FinishReason.STOP:
      return stopSequence === undefined ? "end_turn" : "stop_sequence";
    case FinishReason.LENGTH:
    // There would have been more.
    case FinishReason.INTERRUPTED:
      return "max_tokens";
    case FinishReason.TOOL_CALLS:
      return "tool_use";
    case FinishReason.CONTEXT_FULL:
      return "model_context_window_exceeded";
    default:
      throw new Error(`unknown finish reason ${reason}`);
  }
}
