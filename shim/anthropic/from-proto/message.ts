import { randomUUID } from "node:crypto";
import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { usageSchema } from "./usage.ts";

/** One block of an answer. */
export const blockSchema = named(
  "MessageBlock",
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text"), text: z.string(), citations: z.null() }),
    z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
    z.strictObject({
      type: z.literal("tool_use"),
      id: z.string(),
      name: z.string(),
      input: z.unknown(),
      caller: z.strictObject({ type: z.literal("direct") }),
    }),
  ]),
);

const stopReason = z.enum(["end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded"]);

/** How an answer ended. */
export const endSchema = z.strictObject({
  stop_reason: stopReason.nullable(),
  stop_sequence: z.string().nullable().describe("Which of the stop sequences was found."),
  stop_details: z.null(),
  container: z.null(),
});

/** Anthropic's answer. */
export const messageSchema = named(
  "Message",
  z.strictObject({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(blockSchema),
    ...endSchema.shape,
    diagnostics: z.null(),
    usage: usageSchema,
  }),
);

export type AnthropicBlock = Readonly<z.infer<typeof blockSchema>>;
export type StopReason = z.infer<typeof stopReason>;
export type AnthropicMessage = Readonly<z.infer<typeof messageSchema>>;

/** What is known of an answer before it begins. */
export interface MessageInfo {
  readonly id: string;
  /** The name that the request gave; the model that answers says its own when it starts. */
  readonly requestedModel: string;
  /** The thinking is not told, though it is done. */
  readonly thinkingOmitted: boolean;
}

export function newMessageInfo(details: Omit<MessageInfo, "id">): MessageInfo {
  return { id: `msg_${randomUUID().replaceAll("-", "")}`, ...details };
}
