import { z } from "zod";
import { listLimits, maxBias, numberOptions } from "../../../clients/number-options.ts";
import { arrayOf, flag, integerFrom, mapOf, maxUint32, numberAs, tokenId, unsettable } from "../request/fields.ts";

/** A scale beyond it is a mistake. */
const maxLoraScale = 1_000;

/** llama-server's `false` forbids a token; OpenAI's range is -100 to 100. */
const bias = z.union([z.number().min(-maxBias).max(maxBias), z.literal(false)]);

/** OpenAI's map from token id to bias, where llama.cpp also allows texts as keys; or llama-server's list of pairs. */
const logitBias = z.union([
  mapOf(bias, listLimits.logitBias),
  arrayOf(z.tuple([z.union([tokenId, z.string().min(1)]), bias]), { max: listLimits.logitBias }),
]);

/** How strongly adapters are applied, as llama-server writes it. */
export const loraScales = arrayOf(
  z.object({ id: z.number().int().min(0).max(maxUint32), scale: z.number().min(-maxLoraScale).max(maxLoraScale) }),
  { max: 64 },
);

/** llama.cpp's sampling under its own names, which every dialect takes beside its own fields. */
export const samplerFields = {
  presence_penalty: numberAs("presencePenalty"),
  frequency_penalty: numberAs("frequencyPenalty"),
  logit_bias: unsettable(logitBias),
  // Any integer; JSON's large ones have already lost their last digits, so no safe-integer rule.
  seed: unsettable(
    z
      .number()
      .refine((value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 64, "must be an integer")
      .meta({ type: "integer" }),
  ),
  min_p: numberAs("minP"),
  typical_p: numberAs("typicalP"),
  top_n_sigma: numberAs("topNSigma"),
  repeat_penalty: numberAs("repeatPenalty"),
  repeat_last_n: numberAs("repeatLastN"),
  mirostat: numberAs("mirostat"),
  mirostat_tau: numberAs("mirostatTau"),
  mirostat_eta: numberAs("mirostatEta"),
  dynatemp_range: numberAs("dynatempRange"),
  dynatemp_exponent: numberAs("dynatempExponent"),
  xtc_probability: numberAs("xtcProbability"),
  xtc_threshold: numberAs("xtcThreshold"),
  dry_multiplier: numberAs("dryMultiplier"),
  dry_base: numberAs("dryBase"),
  dry_allowed_length: numberAs("dryAllowedLength"),
  dry_penalty_last_n: numberAs("dryPenaltyLastN"),
  // An empty list would mean "no breakers" to one reader and "the default ones" to another.
  dry_sequence_breakers: unsettable(arrayOf(z.string().min(1), { min: 1, max: listLimits.drySequenceBreakers })),
  samplers: unsettable(arrayOf(z.string().min(1), { min: 1, max: 32 })),
  min_tokens: numberAs("minTokens"),
  ignore_eos: flag,
  cache_prompt: flag,
  /** LoRA adapters by their number; one that is not named is not applied. */
  lora: unsettable(loraScales),
};

/** The generation fields that chat and text completions share: OpenAI's, and llama.cpp's. */
export const samplingFields = {
  temperature: numberAs("temperature"),
  top_p: numberAs("topP"),
  // -1 is off in vLLM's words.
  top_k: integerFrom(-1, numberOptions.topK.max),
  n: numberAs("n"),
  stop: unsettable(z.union([z.string().min(1), arrayOf(z.string().min(1), { max: listLimits.stop })])),
  /** The replaced server's switch: are the keys of `logit_bias` token ids or texts? */
  logit_bias_type: unsettable(z.enum(["input_ids", "tokens"])),
  /** The replaced server's name for `mirostat`. */
  mirostat_mode: numberAs("mirostat"),
  n_probs: numberAs("topLogprobs"),
  ...samplerFields,
};

export const samplingSchema = z.object(samplingFields);
export const samplerSchema = z.object(samplerFields);
export type SamplerFields = z.infer<typeof samplerSchema>;
export type SamplingFields = z.infer<typeof samplingSchema>;
