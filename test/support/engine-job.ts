import {
  type Engine,
  type EngineEvent,
  type GenerateJob,
  type Sampling,
  samplerNames,
} from "../../services/engine/engine.ts";

/** Every sampler switched off: the most likely token is taken. */
export const greedy: Sampling = {
  seed: 1,
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  typicalP: 1,
  topNSigma: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repeatPenalty: 1,
  repeatLastN: 64,
  logitBias: [],
  dynatempRange: 0,
  dynatempExponent: 1,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryPenaltyLastN: -1,
  drySequenceBreakers: [],
  samplers: samplerNames,
};

export function job(prompt: Int32Array, more: Partial<GenerateJob> = {}): GenerateJob {
  return {
    prompt,
    choices: 1,
    maxTokens: 300,
    minTokens: 0,
    ignoreEos: false,
    stop: [],
    topLogprobs: undefined,
    cachePrompt: true,
    sampling: greedy,
    grammar: undefined,
    keepSpecial: false,
    ...more,
  };
}

export interface Answer {
  /** By choice. */
  readonly texts: readonly string[];
  readonly finished: readonly Extract<EngineEvent, { type: "finished" }>[];
  readonly cachedTokens: number;
  readonly events: readonly EngineEvent[];
}

/** Runs a job to its end. */
export async function answer(engine: Engine, of: GenerateJob, signal = new AbortController().signal): Promise<Answer> {
  const events = await Array.fromAsync(engine.generate(of, signal));
  const texts = Array.from({ length: of.choices }, (_, choice) =>
    events.map((event) => (event.type === "text" && event.choice === choice ? event.text : "")).join(""),
  );
  const [first] = events;
  return {
    texts,
    finished: events.filter((event) => event.type === "finished"),
    cachedTokens: first?.type === "started" ? first.cachedTokens : -1,
    events,
  };
}
