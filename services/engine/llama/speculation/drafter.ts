import { isMedia } from "../kv/media-tokens.ts";
import type { Sequence } from "../loop/sequence.ts";

/** Drafts what comes next, so that one step can check several tokens. */
export interface Drafter {
  /**
   * Sets `draft` of sequences that decode. Called between two steps.
   *
   * @param budget tokens that it may compute before it drafts: what a sequence lacks beyond that comes in later steps,
   * and until then it has no draft
   */
  draft(sequences: readonly Sequence[], budget: number): Promise<void> | void;
  /** What it knows may be wrong: it begins anew. */
  reset(): void;
  free(): Promise<void>;
}

/** The last so many tokens are looked for in what came before, the longest first. */
const longestPattern = 3;
const shortestPattern = 2;

/**
 * Drafts by looking the last tokens up in the prompt and the answer so far, and copying what followed them there: good
 * where an answer repeats its prompt (code, summaries, quotes), and costs nothing but the checks elsewhere.
 */
export function createPromptLookup(max: number): Drafter {
  return {
    draft(sequences) {
      for (const sequence of sequences) sequence.draft = lookUp([...sequence.slot.tokens, sequence.next], max);
    },
    reset() {},
    free: async () => {},
  };
}

/** A picture is not written by a model. */
function beforeMedia(tokens: number[]): number[] {
  const end = tokens.findIndex(isMedia);
  return end < 0 ? tokens : tokens.slice(0, end);
}

/** What followed the latest earlier occurrence of the end of `tokens`; empty when there is none. */
export function lookUp(tokens: readonly number[], max: number): number[] {
  for (let length = longestPattern; length >= shortestPattern; length--) {
    const end = tokens.length - length;
    for (let start = end - 1; start >= 0; start--) {
      let matched = 0;
      while (matched < length && tokens[start + matched] === tokens[end + matched]) matched++;
      if (matched === length) return beforeMedia(tokens.slice(start + length, start + length + max));
    }
  }
  return [];
}
