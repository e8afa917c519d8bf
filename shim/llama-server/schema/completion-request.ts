import { z } from "zod";
import {
  arrayOf,
  flag,
  integerFrom,
  jsonObject,
  text,
  tokenCountFrom,
  unsettable,
  unsupported,
} from "../../dialect/request/fields.ts";
import { samplingFields } from "../../dialect/sampling/fields.ts";
import { prompts } from "./prompts.ts";

const {
  n: _n,
  logit_bias_type: _type,
  samplers: _samplers,
  n_probs: _probs,
  min_tokens: _min,
  ...sampling
} = samplingFields;

const samplerNames = arrayOf(z.string().min(1), { min: 1, max: 32 });

/** What all generating endpoints of llama-server share. */
export const generationFields = {
  model: text,
  stream: flag,
  ...sampling,
  /** -1: no limit; 0: the prompt is processed, and nothing is generated. */
  n_predict: tokenCountFrom(-1),
  max_tokens: tokenCountFrom(-1),
  n_cmpl: integerFrom(1, 128),
  n_probs: integerFrom(0, 20),
  /** Names in order, or llama-server's letters for them. */
  samplers: unsettable(
    z.union([samplerNames, z.string().regex(/^[a-z]{1,32}$/, "must be a list of samplers, or their letters")]),
  ),
  grammar: text,
  json_schema: unsettable(jsonObject),
  id_slot: unsettable(
    z
      .number()
      .int()
      .min(-1)
      .max(2 ** 31 - 1),
  ),
  t_max_predict_ms: integerFrom(-1, 2 ** 31 - 1),
  return_tokens: flag,
  return_progress: flag,
  timings_per_token: flag,
  response_fields: unsettable(arrayOf(z.string().min(1), { max: 64 })),
  n_keep: unsettable(z.number().int()),
  n_discard: unsettable(z.number().int()),
  n_cache_reuse: unsettable(z.number().int()),
  min_keep: unsupported("min_keep is not served: leave it out, or set it to 0", z.literal(0)),
  n_indent: unsupported("n_indent is not served: leave it out, or set it to 0", z.literal(0)),
  post_sampling_probs: unsupported(
    "post_sampling_probs is not served: probabilities are those of the model, before sampling",
    z.literal(false),
  ),
  adaptive_target: unsupported("adaptive-p sampling is not served", z.literal(-1)),
  adaptive_decay: unsupported("adaptive-p sampling is not served"),
};

export const generationWithoutEffect: Readonly<Record<string, string>> = {
  n_keep: "the context is not shifted: nothing of a prompt is dropped",
  n_discard: "the context is not shifted: nothing of a prompt is dropped",
  n_cache_reuse: "the longest common prefix is reused; chunks behind it are not moved",
};

/** The body of POST /completion. */
export const completionRequestSchema = z.object({ ...generationFields, prompt: prompts });

export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** The body of POST /infill, as editors' plugins send it. */
export const infillRequestSchema = z.object({
  ...generationFields,
  input_prefix: z.string(),
  input_suffix: z.string(),
  /** Pieces of other files, the most important last. */
  input_extra: unsettable(arrayOf(z.object({ filename: text, text: z.string() }), { max: 1_024 })),
  /** Stands behind the prefix: what is being typed. */
  prompt: text,
});

export type GenerationFields = Omit<CompletionRequest, "prompt">;
