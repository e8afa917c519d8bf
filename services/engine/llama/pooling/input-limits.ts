/** How inputs go through a context that outputs something for every token. */
export interface InputLimits {
  /** Tokens that are computed in one go where inputs are no longer than that. */
  readonly batchTokens: number;
  /** Tokens of one input, at most. */
  readonly inputTokens: number;
  /** true: a longer input goes through in several batches. false: it needs one of its own length. */
  readonly cuts: boolean;
}

export interface InputLimitFacts {
  /** Tokens that the model can place, at most. */
  readonly contextLength: number;
  /** n_ubatch: tokens that are to be computed at once, at most. */
  readonly microBatchTokens: number;
  readonly vocabularySize: number;
  /** false: the model keeps nothing of a batch for the next (BERT and its kind). */
  readonly hasMemory: boolean;
  /** A token's output depends on those before it alone, and the result can be put together from batches. */
  readonly cuts: boolean;
}

/**
 * llama.cpp keeps the logits of every token that has an output, also where nobody reads them, and plans as much again
 * where the model computes them: this many bytes at most, as long as an input does not need more by itself.
 */
export const logitBytes = 256 * 1024 * 1024;
/** Batches smaller than this would be slower than their memory is worth. */
const minBatchTokens = 64;
/** What is served of inputs that must go through whole, and whose logits are planned for, whatever that takes. */
const minInputTokens = 512;

/** How many logits fit the bytes that they may take. */
export function inputLimits(facts: InputLimitFacts): InputLimits {
  const { contextLength, microBatchTokens, vocabularySize, hasMemory, cuts } = facts;
  const bytesPerToken = vocabularySize * 4 * (hasMemory ? 2 : 1);
  const fit = Math.floor(logitBytes / bytesPerToken);
  const planned = Math.min(contextLength, Math.max(minInputTokens, fit));
  return {
    batchTokens: Math.min(contextLength, microBatchTokens, Math.max(minBatchTokens, fit)),
    // Without memory there are no logits to plan for: only an input that needs the room takes it.
    inputTokens: cuts || !hasMemory ? contextLength : planned,
    cuts: cuts && hasMemory,
  };
}
