import { Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ContextManagement } from "../schema/context-management.ts";
import type { Turn } from "./messages.ts";

/** Anthropic's when the edit does not say. */
const keptByDefault = 1;

/** Takes the thinking out of all but so many of the last turns that have some, where the request asks for that. */
export function clearThinking(turns: readonly Turn[], management: ContextManagement): readonly Turn[] {
  const kept = Math.min(
    ...(management?.edits ?? []).map(({ keep }) => {
      if (keep == null) return keptByDefault;
      return keep === "all" || keep.type === "all" ? Infinity : keep.value;
    }),
  );
  let seen = 0;
  return turns
    .toReversed()
    .map((turn) => {
      if (turn.message.role !== Role.ASSISTANT || !turn.message.reasoning) return turn;
      seen += 1;
      return seen > kept ? { ...turn, message: { ...turn.message, reasoning: "" } } : turn;
    })
    .toReversed();
}
