import { z } from "zod";
import {
  arrayOf,
  flag,
  integerFrom,
  mapOf,
  numberFrom,
  tokenCountFrom,
  tokenId,
  unsettable,
} from "../request/fields.ts";

const maxInt32 = 2 ** 31 - 1;
/** Scales and exponents: beyond this every distribution is degenerate, and float32 sums start to overflow. */
const maxScale = 1_000;

const maxBiases = 1_024;

/** llama-server's `false` forbids a token; OpenAI's range is -100 to 100. */
const bias = z.union([z.number().min(-100).max(100), z.literal(false)]);

/** OpenAI's map from token id to bias, where llama.cpp also allows texts as keys; or llama-server's list of pairs. */
const logitBias = z.union([
  mapOf(bias, maxBiases),
  arrayOf(z.tuple([z.union([tokenId, z.string().min(1)]), bias]), { max: maxBiases }),
]);

/** llama.cpp's sampling under its own names, which every dialect takes beside its own fields. */
export const samplerFields = {
  presence_penalty: numberFrom(-2, 2),
  frequency_penalty: numberFrom(-2, 2),
  logit_bias: unsettable(logitBias),
  // Any integer; JSON's large ones have already lost their last digits, so no safe-integer rule.
  seed: unsettable(
    z
      .number()
      .refine((value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 64, "must be an integer")
      .meta({ type: "integer" }),
  ),
  min_p: numberFrom(0, 1),
  typical_p: numberFrom(0, 1),
  top_n_sigma: numberFrom(-1, maxScale),
  repeat_penalty: unsettable(z.number().positive().max(maxScale)),
  repeat_last_n: integerFrom(-1, maxInt32),
  mirostat: integerFrom(0, 2),
  mirostat_tau: numberFrom(0, maxScale),
  mirostat_eta: numberFrom(0, 1),
  dynatemp_range: numberFrom(0, maxScale),
  dynatemp_exponent: numberFrom(0, maxScale),
  xtc_probability: numberFrom(0, 1),
  xtc_threshold: numberFrom(0, 1),
  dry_multiplier: numberFrom(0, maxScale),
  dry_base: numberFrom(0, maxScale),
  dry_allowed_length: integerFrom(0, maxInt32),
  dry_penalty_last_n: integerFrom(-1, maxInt32),
  // An empty list would mean "no breakers" to one reader and "the default ones" to another.
  dry_sequence_breakers: unsettable(arrayOf(z.string().min(1), { min: 1, max: 64 })),
  samplers: unsettable(arrayOf(z.string().min(1), { min: 1, max: 32 })),
  min_tokens: tokenCountFrom(0),
  ignore_eos: flag,
  cache_prompt: flag,
};

/** The generation fields that chat and text completions share: OpenAI's, and llama.cpp's. */
export const samplingFields = {
  temperature: numberFrom(0, 2),
  top_p: numberFrom(0, 1),
  top_k: integerFrom(-1, maxInt32),
  n: integerFrom(1, 128),
  stop: unsettable(z.union([z.string().min(1), arrayOf(z.string().min(1), { max: 128 })])),
  /** The replaced server's switch: are the keys of `logit_bias` token ids or texts? */
  logit_bias_type: unsettable(z.enum(["input_ids", "tokens"])),
  /** The replaced server's name for `mirostat`. */
  mirostat_mode: integerFrom(0, 2),
  n_probs: integerFrom(0, 20),
  ...samplerFields,
};

export const samplingSchema = z.object(samplingFields);
export const samplerSchema = z.object(samplerFields);
export type SamplerFields = z.infer<typeof samplerSchema>;
export type SamplingFields = z.infer<typeof samplingSchema>;
