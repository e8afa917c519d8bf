import { invalidParameter } from "../../../clients/errors.ts";
import type { GenerationOptionsSchema, LogitBiasSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { SamplerFields, SamplingFields } from "./fields.ts";
import type { Init } from "../deps.ts";

export type GenerationInit = Init<typeof GenerationOptionsSchema>;

/**
 * The generation options of a request, without its length and log-probability fields, which each endpoint names in its
 * own way. An unset field stays unset: the server's default is not 0.
 */
export function samplingToProto(request: SamplingFields): GenerationInit {
  return {
    ...samplersToProto(request, request.logit_bias_type),
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    n: request.n ?? undefined,
    stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
    // vLLM's clients say -1 for "off", the proto says 0.
    topK: request.top_k == null ? undefined : Math.max(0, request.top_k),
    mirostat: onlyOne("mirostat", request.mirostat, "mirostat_mode", request.mirostat_mode),
  };
}

/** What every dialect may say of sampling. `biasKind`: what the keys of `logit_bias` are, where the request says it. */
export function samplersToProto(request: SamplerFields, biasKind?: BiasKind): GenerationInit {
  return {
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    logitBias: logitBiasToProto(request.logit_bias, biasKind),
    seed: seedToProto(request.seed),
    minP: request.min_p ?? undefined,
    typicalP: request.typical_p ?? undefined,
    topNSigma: request.top_n_sigma ?? undefined,
    repeatPenalty: request.repeat_penalty ?? undefined,
    repeatLastN: request.repeat_last_n ?? undefined,
    mirostatTau: request.mirostat_tau ?? undefined,
    mirostatEta: request.mirostat_eta ?? undefined,
    dynatempRange: request.dynatemp_range ?? undefined,
    dynatempExponent: request.dynatemp_exponent ?? undefined,
    xtcProbability: request.xtc_probability ?? undefined,
    xtcThreshold: request.xtc_threshold ?? undefined,
    dryMultiplier: request.dry_multiplier ?? undefined,
    dryBase: request.dry_base ?? undefined,
    dryAllowedLength: request.dry_allowed_length ?? undefined,
    dryPenaltyLastN: request.dry_penalty_last_n ?? undefined,
    drySequenceBreakers: request.dry_sequence_breakers ?? [],
    samplers: request.samplers ?? [],
    minTokens: request.min_tokens ?? undefined,
    ignoreEos: request.ignore_eos ?? undefined,
    cachePrompt: request.cache_prompt ?? undefined,
    mirostat: request.mirostat ?? undefined,
    adapters: request.lora == null ? undefined : { scales: request.lora },
  };
}

/** The value of two fields that mean the same; both are fine when they agree. */
export function onlyOne<T>(
  name: string,
  value: T | null | undefined,
  otherName: string,
  otherValue: T | null | undefined,
): T | undefined {
  if (value != null && otherValue != null && value !== otherValue) {
    throw invalidParameter(otherName, `${name} and ${otherName} mean the same: give one of them`);
  }
  return value ?? otherValue ?? undefined;
}

/** Any integer as 32 bits. -1 is llama.cpp's way to ask for a random seed, and its all-ones seed means that too. */
function seedToProto(seed: number | null | undefined): number | undefined {
  if (seed == null) return undefined;
  const folded = Number(BigInt.asUintN(32, BigInt(seed)));
  return folded === 2 ** 32 - 1 ? undefined : folded;
}

type BiasKind = SamplingFields["logit_bias_type"];
type LogitBiasInit = Init<typeof LogitBiasSchema>;

function logitBiasToProto(biases: SamplerFields["logit_bias"], kind: BiasKind): LogitBiasInit[] {
  if (biases == null) return [];
  const entries: [string | number, number | false][] = Array.isArray(biases) ? biases : Object.entries(biases);
  return entries.map(([key, bias]): LogitBiasInit => ({
    target: biasTarget(key, kind),
    bias: bias === false ? -Infinity : bias,
  }));
}

/** A number in a list is an id; a key in a map is one when it looks like one, unless `logit_bias_type` says otherwise. */
function biasTarget(key: string | number, kind: BiasKind): NonNullable<LogitBiasInit["target"]> {
  if (typeof key === "number") return { case: "token", value: key };
  const isId = /^\d{1,10}$/.test(key) && Number(key) < 2 ** 32;
  if (kind === "input_ids" && !isId) {
    throw invalidParameter(
      "logit_bias",
      `logit_bias has the key ${JSON.stringify(key.slice(0, 40))}, which is not a token id`,
    );
  }
  return isId && kind !== "tokens" ? { case: "token", value: Number(key) } : { case: "text", value: key };
}
