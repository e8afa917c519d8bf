import { z } from "zod";
import { flag, text } from "../../dialect/request/fields.ts";
import { tokenList } from "./inputs.ts";
import { promptFieldsSchema } from "./prompt-fields.ts";

/** The body of POST /extras/tokenize and /extras/tokenize/count, as the replaced server has them. */
export const extrasTokenizeSchema = z.object({ model: text, input: z.string() });

/** The body of POST /extras/detokenize. */
export const extrasDetokenizeSchema = z.object({ model: text, tokens: tokenList });

/** The body of POST /tokenize, as llama-server has it. */
export const tokenizeSchema = z.object({
  model: text,
  content: z.string(),
  add_special: flag,
  parse_special: flag,
  with_pieces: flag,
});

/** The body of POST /detokenize. */
export const detokenizeSchema = z.object({ model: text, tokens: tokenList });

/** The body of POST /apply-template: those fields of a chat that may change its prompt. */
export const applyTemplateSchema = promptFieldsSchema.omit({ parallel_tool_calls: true });
