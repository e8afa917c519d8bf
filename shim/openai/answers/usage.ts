import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";

export const count = z.int().min(0);

/** OpenAI's `usage` of a generated answer. */
export const usageSchema = named(
  "Usage",
  z.strictObject({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: z.strictObject({ cached_tokens: count }),
    completion_tokens_details: z.strictObject({ reasoning_tokens: count }),
  }),
);

export type OpenAiUsage = z.infer<typeof usageSchema>;

/** Of what has a prompt only. */
export const promptUsageSchema = named("PromptUsage", z.strictObject({ prompt_tokens: count, total_tokens: count }));

/** Why a choice ended; null while it goes on. */
export const finishReasonSchema = z.enum(["stop", "length", "tool_calls", "function_call"]);

export type OpenAiFinishReason = z.infer<typeof finishReasonSchema>;

/** Fields that every generated answer, and every chunk of one, begins with. */
export const answerHead = {
  id: z.string(),
  created: z.int().min(0).describe("Seconds since 1970."),
  model: z.string(),
  system_fingerprint: z.string(),
};

/** vLLM's field for what of the request's `stop` or `stop_token_ids` ended a choice. */
export const stopReasonSchema = z.union([z.string(), count, z.null()]).exactOptional();

/** vLLM's log-probabilities of a prompt: for each token it and its alternatives by their ids; null for the first. */
export const promptLogprobsSchema = named(
  "PromptLogprobs",
  z.array(
    z
      .record(
        z.string(),
        z.strictObject({
          logprob: z.number(),
          rank: count
            .nullable()
            .describe("1 is the most likely; null where it is not among those that were asked for."),
          decoded_token: z.string(),
        }),
      )
      .nullable(),
  ),
);

export type PromptLogprobs = z.infer<typeof promptLogprobsSchema>;
