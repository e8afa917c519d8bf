export interface PromptBudget {
  /** Prompt tokens of the next step, at most. */
  tokens(someDecode: boolean): number;
  /** What a step took. */
  observe(promptTokens: number, ms: number): void;
}

export interface PromptBudgetOptions {
  /** What one batch holds. */
  readonly batchTokens: number;
  /** Fewer rows cost nearly as much: a chunk is a multiple of this. */
  readonly efficientRows: number;
}

/**
 * llama.cpp's attention on the CPU wants 64 query rows at once; below, each row walks the whole cache alone, at half the
 * speed. A GPU has no such edge, but is as slow with few rows as with many.
 */
export const efficientRows = { cpu: 64, gpu: 256 } as const;

/** A running stream should not wait longer than this for its next token because of another's prompt. */
const targetStepMs = 250;

/**
 * How much of the waiting prompts to process in one step: a whole batch while nothing else runs; beside running streams
 * as many efficient chunks as fit the target time by the speed seen so far, and at least one. In a context whose
 * sequences have streams of their own, a mixed batch begins with one row of every sequence, so one row more leaves whole
 * chunks.
 */
export function createPromptBudget({ batchTokens, efficientRows: rows }: PromptBudgetOptions): PromptBudget {
  let tokensPerMs = 0;
  return {
    tokens(someDecode) {
      if (!someDecode) return batchTokens;
      const chunks = Math.max(1, Math.floor((tokensPerMs * targetStepMs) / rows));
      return Math.min(batchTokens, chunks * rows + 1);
    },
    observe(promptTokens, ms) {
      // Short ones say more about the step's fixed cost than about prompts.
      if (promptTokens < rows || ms <= 0) return;
      const seen = promptTokens / ms;
      tokensPerMs = tokensPerMs === 0 ? seen : tokensPerMs * 0.7 + seen * 0.3;
    },
  };
}
