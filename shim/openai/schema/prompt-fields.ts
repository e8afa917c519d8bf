import { z } from "zod";
import { flag, jsonObject, text, tokenCountFrom, unsettable } from "../../dialect/request/fields.ts";
import { messagesSchema } from "./messages.ts";
import { toolFields } from "./tools.ts";

/** The fields of a chat that its prompt depends on. */
export const promptFields = {
  model: text,
  messages: messagesSchema,
  ...toolFields,
  reasoning_effort: unsettable(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
  /** Maximum number of reasoning tokens; -1 sets no limit. Two servers, two names. */
  reasoning_budget: tokenCountFrom(-1),
  thinking_budget_tokens: tokenCountFrom(-1),
  chat_template: unsettable(z.string().min(1)),
  chat_template_kwargs: unsettable(jsonObject),
  /** vLLM's ways to end the prompt. */
  continue_final_message: flag,
  add_generation_prompt: flag,
};

export const promptFieldsSchema = z.object(promptFields);
export type PromptFields = z.infer<typeof promptFieldsSchema>;
