import type { Finished } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

/** vLLM's field for what of the request's `stop` or `stop_token_ids` ended a choice. */
export interface StopReason {
  readonly stop_reason?: string | number | null;
}

/** `told`: whether the request has one of vLLM's fields about stopping; OpenAI's answers have no such field. */
export function stopReasonFromProto({ stopSequence, stopToken }: Finished, told: boolean): StopReason {
  return told ? { stop_reason: stopToken ?? stopSequence ?? null } : {};
}
