import { z } from "zod";
import { arrayOf, unsettable, variants } from "../../dialect/request/fields.ts";

/** How many of the last turns keep their thinking. */
const clearThinking = z.object({
  type: z.literal("clear_thinking_20251015"),
  keep: unsettable(
    z.union([
      z.literal("all"),
      z.object({ type: z.literal("all") }),
      z.object({ type: z.literal("thinking_turns"), value: z.number().int().min(1).max(10_000) }),
    ]),
  ),
});

const unserved = {
  clear_tool_uses_20250919: "old tool uses are not cleared here: leave them out of messages",
  compact_20260112: "conversations are not compacted here: leave old messages out",
};

/** What is taken out of the conversation before it becomes a prompt. */
export const contextManagement = unsettable(
  z.object({ edits: unsettable(arrayOf(variants([clearThinking], unserved), { max: 16 })) }),
);

export type ContextManagement = z.infer<typeof contextManagement>;
