import { invalidParameter } from "../../../clients/errors.ts";
import type { GenerationOptions } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

interface NumberOption {
  /** The name that callers know, for messages and `param`. */
  readonly param: string;
  readonly least: number;
  readonly most: number;
  readonly integer?: boolean;
  /** What an unset value means; undefined: nothing is set. */
  readonly fallback?: number;
}

const int32Max = 0x7fffffff;

/**
 * Every number of a generation request: its name, its range, and the one place where defaults live.
 *
 * Ranges are OpenAI's where OpenAI has the parameter, else what llama.cpp's samplers can compute with. Defaults are
 * those of the replaced server (temperature 0.8, top_p 0.95, min_p 0.05, top_k 40), but for repeat_penalty: it had 1.1,
 * which makes correct JSON, code and lists less likely, and which llama-server and everyone else dropped; we say 1 (off).
 * The defaults of seed and repeat_last_n are settings of the model.
 */
export const numberOptions = {
  maxTokens: { param: "max_tokens", least: 0, most: 0xffffffff, integer: true },
  n: { param: "n", least: 1, most: 128, integer: true, fallback: 1 },
  topLogprobs: { param: "top_logprobs", least: 0, most: 20, integer: true },
  promptLogprobs: { param: "prompt_logprobs", least: 0, most: 20, integer: true },
  minTokens: { param: "min_tokens", least: 0, most: int32Max, integer: true, fallback: 0 },
  seed: { param: "seed", least: 0, most: 0xffffffff, integer: true },
  temperature: { param: "temperature", least: 0, most: 2, fallback: 0.8 },
  topP: { param: "top_p", least: 0, most: 1, fallback: 0.95 },
  topK: { param: "top_k", least: 0, most: int32Max, integer: true, fallback: 40 },
  minP: { param: "min_p", least: 0, most: 1, fallback: 0.05 },
  typicalP: { param: "typical_p", least: 0, most: 1, fallback: 1 },
  topNSigma: { param: "top_n_sigma", least: -1, most: 100, fallback: -1 },
  presencePenalty: { param: "presence_penalty", least: -2, most: 2, fallback: 0 },
  frequencyPenalty: { param: "frequency_penalty", least: -2, most: 2, fallback: 0 },
  // llama.cpp divides logits by it.
  repeatPenalty: { param: "repeat_penalty", least: 0.1, most: 10, fallback: 1 },
  repeatLastN: { param: "repeat_last_n", least: -1, most: int32Max, integer: true },
  dynatempRange: { param: "dynatemp_range", least: 0, most: 2, fallback: 0 },
  dynatempExponent: { param: "dynatemp_exponent", least: 0, most: 10, fallback: 1 },
  xtcProbability: { param: "xtc_probability", least: 0, most: 1, fallback: 0 },
  xtcThreshold: { param: "xtc_threshold", least: 0, most: 1, fallback: 0.1 },
  mirostat: { param: "mirostat", least: 0, most: 2, integer: true, fallback: 0 },
  mirostatTau: { param: "mirostat_tau", least: 0, most: 100, fallback: 5 },
  mirostatEta: { param: "mirostat_eta", least: 0, most: 1, fallback: 0.1 },
  dryMultiplier: { param: "dry_multiplier", least: 0, most: 100, fallback: 0 },
  dryBase: { param: "dry_base", least: 1, most: 100, fallback: 1.75 },
  dryAllowedLength: { param: "dry_allowed_length", least: 0, most: int32Max, integer: true, fallback: 2 },
  dryPenaltyLastN: { param: "dry_penalty_last_n", least: -1, most: int32Max, integer: true, fallback: -1 },
} as const satisfies Partial<Record<keyof GenerationOptions, NumberOption>>;

type OptionName = keyof typeof numberOptions;
type WithFallback = {
  [N in OptionName]: (typeof numberOptions)[N] extends { fallback: number } ? N : never;
}[OptionName];

/** A number of the request, checked against its range, or its default. Throws INVALID_PARAMETER with the caller's name for it. */
export function numberOption(options: GenerationOptions | undefined, name: WithFallback): number;
export function numberOption(options: GenerationOptions | undefined, name: OptionName): number | undefined;
export function numberOption(options: GenerationOptions | undefined, name: OptionName): number | undefined {
  const { param, least, most, integer, fallback }: NumberOption = numberOptions[name];
  const value = options?.[name];
  if (value === undefined) return fallback;
  // Negated, so that NaN is refused too.
  if (!(value >= least && value <= most) || (integer === true && !Number.isInteger(value))) {
    const kind = integer === true ? "an integer" : "a number";
    throw invalidParameter(param, `${param} must be ${kind} between ${least} and ${most}, not ${shown(value)}`);
  }
  return value;
}

/** Floats travel with 32 bits: shown with as many digits as those hold. */
function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}
