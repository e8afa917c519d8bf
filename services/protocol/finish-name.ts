import { FinishReason } from "../../proto/gen/tokenwire/v1/generation_pb.ts";

const finishNames: Readonly<Record<FinishReason, string>> = {
  [FinishReason.UNSPECIFIED]: "error",
  [FinishReason.STOP]: "stop",
  [FinishReason.LENGTH]: "length",
  [FinishReason.TOOL_CALLS]: "tool_calls",
  [FinishReason.INTERRUPTED]: "interrupted",
  [FinishReason.CONTEXT_FULL]: "context_full",
};

/** A finish reason as traces and metrics name it. */
export function finishName(reason: FinishReason = FinishReason.UNSPECIFIED): string {
  return finishNames[reason] ?? "error";
}
