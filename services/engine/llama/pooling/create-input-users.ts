import type { EmbeddingInfo, RankingInfo } from "../../engine.ts";
import { Embedder } from "./embedder.ts";
import type { Ranking } from "./find-ranking.ts";
import { type InputLimitFacts, inputLimits } from "./input-limits.ts";
import type { InputRunnerParts } from "./input-runner.ts";
import { Ranker } from "./ranker.ts";

export interface InputUsersOptions {
  readonly ranking: Ranking | undefined;
  /** llama_pooling_type of a context that is told none: the model's own, 0 where it has none. */
  readonly pooling: number;
  readonly contextLength: number;
  readonly hasMemory: boolean;
}

/** What computes something for every token of an input, with what it says about itself. */
export interface InputUsers {
  readonly embedder: Embedder;
  /** undefined: the model does not rank. */
  readonly ranker: Ranker | undefined;
  readonly embedding: EmbeddingInfo;
  readonly ranking: RankingInfo | undefined;
}

/** llama_pooling_type's own numbers. */
const poolings: Readonly<Record<number, EmbeddingInfo["pooling"]>> = { 1: "mean", 2: "cls", 3: "last" };

/** Makes a model's embedder and, when it has a classification head, its ranker. Neither takes memory before its first job. */
export function createInputUsers(
  parts: InputRunnerParts,
  { ranking, pooling, contextLength, hasMemory }: InputUsersOptions,
): InputUsers {
  const { model, settings } = parts;
  const facts = (looksBackOnly: boolean): InputLimitFacts => ({
    contextLength,
    microBatchTokens: Math.min(settings.n_batch, settings.n_ubatch),
    vocabularySize: model.vocabulary.size,
    hasMemory,
    cuts: model.isCausal && looksBackOnly,
  });
  // A language model's GGUF says no pooling: its users get the mean, as they do elsewhere. One that ranks has its head.
  const ownPooling = poolings[pooling] ?? (ranking === undefined ? "mean" : undefined);
  const limits = inputLimits(facts(true));
  const embedder = new Embedder({ ...parts, limits, pooling: ownPooling });
  const embedding = { pooling: ownPooling, inputTokens: limits.inputTokens };
  if (ranking === undefined) return { embedder, ranker: undefined, embedding, ranking };

  const { looksAtLast, ...rest } = ranking;
  const rankingLimits = inputLimits(facts(looksAtLast));
  const ranker = new Ranker({ ...parts, limits: rankingLimits });
  return { embedder, ranker, embedding, ranking: { ...rest, inputTokens: rankingLimits.inputTokens } };
}
