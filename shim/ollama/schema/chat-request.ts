import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable } from "../../dialect/request/fields.ts";
import { generationFields, images } from "./options.ts";

const toolCall = z.object({
  id: text,
  type: text,
  function: z.object({
    index: unsettable(z.number().int()),
    name: z.string().min(1),
    arguments: unsettable(jsonObject),
  }),
});

const message = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: text,
  thinking: text,
  images,
  tool_calls: unsettable(arrayOf(toolCall, { max: 128 })),
  /** Tool messages: whose result this is, by the tool's name or the call's id. */
  tool_name: text,
  tool_call_id: text,
});

const tool = z.object({
  type: unsettable(z.literal("function")),
  function: z.object({
    name: z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and `_`, `-`, `.` or `:`"),
    description: text,
    parameters: unsettable(jsonObject),
    strict: flag,
  }),
});

/** The body of POST /api/chat. Without messages it only loads the model. */
export const chatRequestSchema = z.object({
  ...generationFields,
  messages: unsettable(arrayOf(message, { max: 10_000 })),
  tools: unsettable(arrayOf(tool, { max: 128 })),
});

export type OllamaChatRequest = z.infer<typeof chatRequestSchema>;
export type OllamaMessage = z.infer<typeof message>;
export type OllamaTool = z.infer<typeof tool>;
