import type { SamplerName, Sampling } from "../../engine.ts";
import { isMedia } from "../kv/media-tokens.ts";
import type { SamplerApi } from "../native/api.ts";
import { Sampler } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { GenerateRequest } from "../loop/generate-request.ts";
import type { DrySamplers } from "./dry-samplers.ts";

/** Samplers keep at least this many candidates. */
const minKeep = 1;
/** What mirostat 1 estimates its distribution from; the value of its paper. */
const mirostatM = 100;

export interface ChainPlace {
  readonly request: GenerateRequest;
  readonly choice: number;
  readonly contextLength: number;
  /** Prepared for the request's settings. */
  readonly drySamplers: DrySamplers;
}

/** A choice's sampler chain, which has seen as much of the prompt's end as its samplers look at. */
export function createChain(
  api: SamplerApi,
  vocabulary: Vocabulary,
  { request, choice, contextLength, drySamplers }: ChainPlace,
): Sampler {
  const { sampling, ignoreEos, prompt } = request.job;
  const forbidden = [...vocabulary.suppressed, ...(ignoreEos ? vocabulary.eogTokens : [])];
  const options = { sampling, seed: (request.seed + choice) >>> 0, contextLength, forbidden, drySamplers };
  const chain = buildChain(api, vocabulary, options);
  const seen = historyLength(options);
  if (seen > 0) for (const token of prompt.subarray(-seen)) if (!isMedia(token)) chain.accept(token);
  return chain;
}

interface ChainOptions {
  readonly sampling: Sampling;
  /** Resolved: never undefined, so that a choice can be repeated. */
  readonly seed: number;
  readonly contextLength: number;
  /** Tokens that must not be sampled at any time. */
  readonly forbidden: readonly number[];
  readonly drySamplers: DrySamplers;
}

/**
 * Builds llama.cpp's sampler chain for one choice, in llama-server's order: bias, then the truncating samplers in the
 * order asked for, then the sampling itself. Samplers whose value is neutral are left out.
 */
function buildChain(api: SamplerApi, vocabulary: Vocabulary, options: ChainOptions): Sampler {
  const { sampling, seed, contextLength, forbidden, drySamplers } = options;
  const pointer = api.chain({ no_perf: true });
  const chain = new Sampler(api, pointer);
  const biases = [...sampling.logitBias, ...forbidden.map((token) => ({ token, bias: -Infinity }))];
  if (biases.length > 0) api.add(pointer, api.logitBias(vocabulary.size, biases.length, packBiases(biases)));

  if (sampling.mirostat !== 0) {
    if (sampling.temperature !== 1) api.add(pointer, api.temperature(sampling.temperature, 0, 1));
    const { mirostatTau: tau, mirostatEta: eta } = sampling;
    const sample =
      sampling.mirostat === 1
        ? api.mirostat(vocabulary.size, seed, tau, eta, mirostatM)
        : api.mirostat2(seed, tau, eta);
    api.add(pointer, sample);
    return chain;
  }

  for (const name of sampling.samplers) {
    const sampler = builders[name]({ api, vocabulary, sampling, seed, contextLength, drySamplers });
    if (sampler !== undefined) api.add(pointer, sampler);
  }
  // Temperature 0 takes the most likely token, whatever the order of the other samplers.
  const samples = sampling.temperature > 0 || sampling.dynatempRange > 0;
  api.add(pointer, samples ? api.dist(seed) : api.greedy());
  return chain;
}

/** How many of the last tokens the chain's samplers look at: the end of the prompt is shown to them. */
function historyLength({ sampling, contextLength }: ChainOptions): number {
  const penalties = usesPenalties(sampling) ? lastN(sampling.repeatLastN, contextLength) : 0;
  const dry = sampling.dryMultiplier > 0 ? lastN(sampling.dryPenaltyLastN, contextLength) : 0;
  return Math.max(penalties, dry);
}

interface BuildContext {
  readonly api: SamplerApi;
  readonly vocabulary: Vocabulary;
  readonly sampling: Sampling;
  readonly seed: number;
  readonly contextLength: number;
  readonly drySamplers: DrySamplers;
}

type Builder = (context: BuildContext) => ReturnType<SamplerApi["greedy"]> | undefined;

const builders: Readonly<Record<SamplerName, Builder>> = {
  penalties: ({ api, vocabulary, sampling: s, contextLength }) =>
    usesPenalties(s)
      ? api.penalties(
          vocabulary.size,
          lastN(s.repeatLastN, contextLength),
          s.repeatPenalty,
          s.frequencyPenalty,
          s.presencePenalty,
        )
      : undefined,
  dry: ({ sampling, drySamplers }) => (sampling.dryMultiplier > 0 ? drySamplers.create(sampling) : undefined),
  top_n_sigma: ({ api, sampling: s }) => (s.topNSigma > 0 ? api.topNSigma(s.topNSigma) : undefined),
  top_k: ({ api, sampling: s }) => (s.topK > 0 ? api.topK(s.topK) : undefined),
  typ_p: ({ api, sampling: s }) => (s.typicalP < 1 ? api.typical(s.typicalP, minKeep) : undefined),
  top_p: ({ api, sampling: s }) => (s.topP < 1 ? api.topP(s.topP, minKeep) : undefined),
  min_p: ({ api, sampling: s }) => (s.minP > 0 ? api.minP(s.minP, minKeep) : undefined),
  xtc: ({ api, sampling: s, seed }) =>
    s.xtcProbability > 0 && s.xtcThreshold <= 0.5
      ? api.xtc(s.xtcProbability, s.xtcThreshold, minKeep, seed)
      : undefined,
  temperature: ({ api, sampling: s }) =>
    s.temperature !== 1 || s.dynatempRange > 0
      ? api.temperature(s.temperature, s.dynatempRange, s.dynatempExponent)
      : undefined,
};

function usesPenalties(s: Sampling): boolean {
  return (s.repeatPenalty !== 1 || s.frequencyPenalty !== 0 || s.presencePenalty !== 0) && s.repeatLastN !== 0;
}

// llama.cpp takes -1 for "off"; and the length sizes a buffer, so it is bounded by what there can be.
function lastN(asked: number, contextLength: number): number {
  return asked < 0 ? contextLength : Math.min(asked, contextLength);
}

/** llama_logit_bias[]: {i32 token, f32 bias}. The sampler copies it. */
function packBiases(biases: readonly { token: number; bias: number }[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(biases.length * 8));
  biases.forEach(({ token, bias }, index) => {
    view.setInt32(index * 8, token, true);
    view.setFloat32(index * 8 + 4, bias, true);
  });
  return new Uint8Array(view.buffer);
}
