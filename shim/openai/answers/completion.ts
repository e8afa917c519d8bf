import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { answerHead, count, finishReasonSchema, promptLogprobsSchema, stopReasonSchema, usageSchema } from "./usage.ts";

/** The first OpenAI API's log-probabilities: four lists of one length. */
const legacyLogprobsSchema = named(
  "CompletionLogprobs",
  z.strictObject({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number().nullable()),
    top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
    text_offset: z
      .array(count)
      .describe(
        "Where each token begins, in Unicode characters from the beginning of the prompt, whether it is shown or not.",
      ),
  }),
);

export type LegacyLogprobs = z.infer<typeof legacyLogprobsSchema>;

const choiceSchema = z.strictObject({
  text: z.string(),
  index: count,
  logprobs: legacyLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
  stop_reason: stopReasonSchema,
  prompt_logprobs: promptLogprobsSchema.exactOptional(),
});

export type CompletionChoice = z.infer<typeof choiceSchema>;

/** A whole answer, or one chunk of it: the first OpenAI API has one shape for both. */
export const completionSchema = named(
  "Completion",
  z.strictObject({
    ...answerHead,
    object: z.literal("text_completion"),
    choices: z.array(choiceSchema),
    usage: usageSchema.nullable().exactOptional(),
  }),
);

export type Completion = z.infer<typeof completionSchema>;
