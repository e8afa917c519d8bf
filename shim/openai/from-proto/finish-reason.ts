import { type Finished, FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { OpenAiFinishReason } from "../answers/usage.ts";

/** Throws for a reason that this server does not know: an answer must not end without one. */
export function finishReasonFromProto(
  reason: FinishReason,
  options: { readonly legacyFunctions: boolean },
): OpenAiFinishReason {
  switch (reason) {
    case FinishReason.STOP:
      return "stop";
    case FinishReason.LENGTH:
    case FinishReason.CONTEXT_FULL:
    // The word of the contract for an answer that would have gone on: SDKs then do not parse it as a whole one.
    case FinishReason.INTERRUPTED:
      return "length";
    case FinishReason.TOOL_CALLS:
      return options.legacyFunctions ? "function_call" : "tool_calls";
    default:
      throw new Error(`unknown finish reason ${reason}`);
  }
}

/** vLLM's field for what of the request's `stop` or `stop_token_ids` ended a choice. */
export interface StopReason {
  readonly stop_reason?: string | number | null;
}

/** `told`: whether the request has one of vLLM's fields about stopping; OpenAI's answers have no such field. */
export function stopReasonFromProto({ stopSequence, stopToken }: Finished, told: boolean): StopReason {
  return told ? { stop_reason: stopToken ?? stopSequence ?? null } : {};
}
