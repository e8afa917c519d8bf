import { z } from "zod";
import { chatLogprobSchema } from "../../dialect/answer/chat-logprobs.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";

const status = z.enum(["in_progress", "completed", "incomplete"]);

const outputText = named(
  "OutputText",
  z.strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()).max(0),
    logprobs: z.array(chatLogprobSchema),
  }),
);

const call = { id: z.string(), call_id: z.string(), name: z.string(), namespace: z.string().optional(), status };

/** One item of a response's output. */
export const outputItemSchema = named(
  "OutputItem",
  z.discriminatedUnion("type", [
    z.strictObject({
      id: z.string(),
      type: z.literal("message"),
      role: z.literal("assistant"),
      status,
      content: z.array(outputText),
    }),
    z.strictObject({
      id: z.string(),
      type: z.literal("reasoning"),
      status,
      summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
      content: z.array(z.strictObject({ type: z.literal("reasoning_text"), text: z.string() })).optional(),
      encrypted_content: z.string().optional(),
    }),
    z.strictObject({ ...call, type: z.literal("function_call"), arguments: z.string() }),
    z.strictObject({ ...call, type: z.literal("custom_tool_call"), input: z.string() }),
    z.strictObject({
      id: z.string(),
      type: z.literal("local_shell_call"),
      call_id: z.string(),
      status,
      action: z.strictObject({
        type: z.literal("exec"),
        command: z.array(z.string()),
        env: z.record(z.string(), z.string()),
        timeout_ms: z.number().nullable(),
        working_directory: z.string().nullable(),
      }),
    }),
  ]),
);

export type ItemStatus = z.infer<typeof status>;
export type OutputText = z.infer<typeof outputText>;
export type OutputItem = z.infer<typeof outputItemSchema>;
