import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { count } from "./usage.ts";

export const tokenListSchema = named("TokenList", z.strictObject({ tokens: z.array(count) }));

export const tokenCountSchema = named("TokenCount", z.strictObject({ count }));

/** `POST /tokenize`: ids, or with `with_pieces` each with its text; vLLM's answer says more. */
export const tokensSchema = named(
  "Tokens",
  z.strictObject({
    tokens: z.union([
      z.array(count),
      z.array(
        z.strictObject({
          id: count,
          piece: z
            .union([z.string(), z.array(z.int().min(0).max(255))])
            .describe("Its text, or its bytes where they are not whole characters."),
        }),
      ),
    ]),
    count: count.optional(),
    max_model_len: count.optional(),
    token_strs: z.array(z.string()).optional(),
  }),
);

export const textSchema = named("Text", z.strictObject({ text: z.string() }));

/** The text under llama-server's name and vLLM's. */
export const contentSchema = named("Content", z.strictObject({ content: z.string(), prompt: z.string() }));

export const inputTokensSchema = named(
  "InputTokens",
  z.strictObject({ object: z.literal("response.input_tokens"), input_tokens: count }),
);

export const promptSchema = named("Prompt", z.strictObject({ prompt: z.string() }));
