import { invalidParameter } from "./errors.ts";
import type { GenerationOptions } from "../proto/gen/tokenwire/v1/generation_pb.ts";

export interface NumberOption {
  /** The name that callers know, for messages and `param`. */
  readonly param: string;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
  /** What an unset value means; undefined: nothing is set. */
  readonly fallback?: number;
}

const int32Max = 0x7fffffff;

/**
 * Every number of a generation request: its name, its range, and the one place where defaults live. The worker checks by
 * it; the schemas of REST and tRPC, and the documents that are made of them, say it.
 *
 * Ranges are OpenAI's where OpenAI has the parameter, else what llama.cpp's samplers can compute with. Defaults are
 * those of the replaced server (temperature 0.8, top_p 0.95, min_p 0.05, top_k 40), but for repeat_penalty: it had 1.1,
 * which makes correct JSON, code and lists less likely, and which llama-server and everyone else dropped; we say 1 (off).
 * The defaults of seed and repeat_last_n are settings of the model.
 */
export const numberOptions = {
  maxTokens: { param: "max_tokens", min: 0, max: 0xffffffff, integer: true },
  n: { param: "n", min: 1, max: 128, integer: true, fallback: 1 },
  topLogprobs: { param: "top_logprobs", min: 0, max: 20, integer: true },
  promptLogprobs: { param: "prompt_logprobs", min: 0, max: 20, integer: true },
  minTokens: { param: "min_tokens", min: 0, max: int32Max, integer: true, fallback: 0 },
  seed: { param: "seed", min: 0, max: 0xffffffff, integer: true },
  temperature: { param: "temperature", min: 0, max: 2, fallback: 0.8 },
  topP: { param: "top_p", min: 0, max: 1, fallback: 0.95 },
  topK: { param: "top_k", min: 0, max: int32Max, integer: true, fallback: 40 },
  minP: { param: "min_p", min: 0, max: 1, fallback: 0.05 },
  typicalP: { param: "typical_p", min: 0, max: 1, fallback: 1 },
  topNSigma: { param: "top_n_sigma", min: -1, max: 100, fallback: -1 },
  presencePenalty: { param: "presence_penalty", min: -2, max: 2, fallback: 0 },
  frequencyPenalty: { param: "frequency_penalty", min: -2, max: 2, fallback: 0 },
  // llama.cpp divides logits by it.
  repeatPenalty: { param: "repeat_penalty", min: 0.1, max: 10, fallback: 1 },
  repeatLastN: { param: "repeat_last_n", min: -1, max: int32Max, integer: true },
  dynatempRange: { param: "dynatemp_range", min: 0, max: 2, fallback: 0 },
  dynatempExponent: { param: "dynatemp_exponent", min: 0, max: 10, fallback: 1 },
  xtcProbability: { param: "xtc_probability", min: 0, max: 1, fallback: 0 },
  xtcThreshold: { param: "xtc_threshold", min: 0, max: 1, fallback: 0.1 },
  mirostat: { param: "mirostat", min: 0, max: 2, integer: true, fallback: 0 },
  mirostatTau: { param: "mirostat_tau", min: 0, max: 100, fallback: 5 },
  mirostatEta: { param: "mirostat_eta", min: 0, max: 1, fallback: 0.1 },
  dryMultiplier: { param: "dry_multiplier", min: 0, max: 100, fallback: 0 },
  dryBase: { param: "dry_base", min: 1, max: 100, fallback: 1.75 },
  dryAllowedLength: { param: "dry_allowed_length", min: 0, max: int32Max, integer: true, fallback: 2 },
  dryPenaltyLastN: { param: "dry_penalty_last_n", min: -1, max: int32Max, integer: true, fallback: -1 },
} as const satisfies Partial<Record<keyof GenerationOptions, NumberOption>>;

/** How many entries a list of a generation request may have; for the same readers. */
export const listLimits = {
  stop: 128,
  stopTokenIds: 128,
  /** Each is looked for at every step. */
  drySequenceBreakers: 16,
  logitBias: 1024,
} as const satisfies Partial<Record<keyof GenerationOptions, number>>;

/** A bias beyond it, but for the infinite one, makes no difference any more. */
export const maxBias = 100;

type OptionName = keyof typeof numberOptions;
type WithFallback = {
  [N in OptionName]: (typeof numberOptions)[N] extends { fallback: number } ? N : never;
}[OptionName];

/** A number of the request, checked against its range, or its default. Throws INVALID_PARAMETER with the caller's name for it. */
export function numberOption(options: GenerationOptions | undefined, name: WithFallback): number;
export function numberOption(options: GenerationOptions | undefined, name: OptionName): number | undefined;
export function numberOption(options: GenerationOptions | undefined, name: OptionName): number | undefined {
  const { param, min, max, integer, fallback }: NumberOption = numberOptions[name];
  const value = options?.[name];
  if (value === undefined) return fallback;
  // Negated, so that NaN is refused too.
  if (!(value >= min && value <= max) || (integer === true && !Number.isInteger(value))) {
    const kind = integer === true ? "an integer" : "a number";
    throw invalidParameter(param, `${param} must be ${kind} between ${min} and ${max}, not ${shown(value)}`);
  }
  return value;
}

/** Floats travel with 32 bits: shown with as many digits as those hold. */
function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}
