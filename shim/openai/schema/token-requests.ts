import { z } from "zod";
import { flag, text, unsettable } from "../../dialect/request/fields.ts";
import { tokenList } from "./inputs.ts";
import { messagesSchema } from "./messages.ts";
import { promptFields, promptFieldsSchema } from "./prompt-fields.ts";

/** The body of POST /extras/tokenize and /extras/tokenize/count, as the replaced server has them. */
export const extrasTokenizeSchema = z.object({ model: text, input: z.string() });

/** The body of POST /extras/detokenize. */
export const extrasDetokenizeSchema = z.object({ model: text, tokens: tokenList });

/** The body of POST /tokenize: llama-server's `content`, or vLLM's `prompt` or `messages`; which one shapes the answer. */
export const tokenizeSchema = z
  .object({
    ...promptFields,
    messages: unsettable(messagesSchema),
    content: text,
    add_special: flag,
    parse_special: flag,
    with_pieces: flag,
    prompt: text,
    add_special_tokens: flag,
    return_token_strs: flag,
  })
  .superRefine(({ content, prompt, messages }, context) => {
    const given = [content, prompt, messages].filter((field) => field != null);
    if (given.length === 1) return;
    const message =
      given.length === 0
        ? "is required, or prompt, or messages"
        : "cannot be combined with prompt or messages: give one of them";
    context.addIssue({ code: "custom", path: ["content"], message });
  });

export type TokenizeRequestBody = z.infer<typeof tokenizeSchema>;

/** The body of POST /detokenize. */
export const detokenizeSchema = z.object({ model: text, tokens: tokenList });

/** The body of POST /apply-template: those fields of a chat that may change its prompt. */
export const applyTemplateSchema = promptFieldsSchema.omit({ parallel_tool_calls: true });
