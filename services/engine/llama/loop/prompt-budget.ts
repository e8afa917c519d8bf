export interface PromptBudget {
  /** Most prompt tokens of the next step. */
  tokens(someDecode: boolean): number;
  /** What a step took. */
  observe(promptTokens: number, ms: number): void;
}

/** A running stream should not wait longer than this for its next token because of another's prompt. */
const targetStepMs = 200;
const minTokens = 32;

/**
 * How much of the waiting prompts to process in one step: a whole batch while nothing else runs; beside running
 * streams as much as fits the target time, by the speed seen so far.
 */
export function createPromptBudget(batchTokens: number): PromptBudget {
  let tokensPerMs = 0;
  return {
    tokens(someDecode) {
      if (!someDecode) return batchTokens;
      // As long as nothing is known of the speed: as few as say something about it.
      return Math.min(batchTokens, Math.max(minTokens, Math.round(tokensPerMs * targetStepMs)));
    },
    observe(promptTokens, ms) {
      // Short ones say more about the step's fixed cost than about prompts.
      if (promptTokens < minTokens || ms <= 0) return;
      const seen = promptTokens / ms;
      tokensPerMs = tokensPerMs === 0 ? seen : tokensPerMs * 0.7 + seen * 0.3;
    },
  };
}
