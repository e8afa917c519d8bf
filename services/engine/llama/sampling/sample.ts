import type { Context } from "../native/context.ts";
import type { Candidates } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { Sequence } from "../loop/sequence.ts";

/** Draws the next token of a sequence from a row of the last decode, and accepts it; undefined when none is possible. */
export type Sample = (sequence: Sequence, row: number) => number | undefined;

export interface SampleParts {
  readonly context: Context;
  readonly vocabulary: Vocabulary;
  readonly candidates: Candidates;
}

/**
 * Without constraints llama.cpp does it all. With a grammar the token is sampled first and only then checked, as the
 * grammar's verdict on a whole vocabulary is the dear part; when it is refused the grammar is applied before a second
 * draw. Accepting a token that the grammar refuses would end the process, so the second draw is checked too.
 */
export function createSample({ context, vocabulary, candidates }: SampleParts): Sample {
  return (sequence, row) => {
    const { chain, grammar, request, generated } = sequence;
    const forced = sequence.forced();
    if (forced !== undefined && (grammar === undefined || candidates.allows(grammar, forced))) {
      grammar?.accept(forced);
      chain.accept(forced);
      return forced;
    }
    const tooEarlyToEnd = generated < request.job.minTokens;
    if (grammar === undefined && !tooEarlyToEnd) return chain.sample(context, row);

    const logits = context.logits(row, vocabulary.size);
    const candidate = (constrain: boolean): number | undefined => {
      candidates.fill(logits);
      if (tooEarlyToEnd) for (const token of vocabulary.eogTokens) candidates.forbid(token);
      if (constrain && grammar !== undefined) candidates.apply(grammar);
      candidates.apply(chain);
      const token = candidates.selected();
      if (token === undefined) return undefined;
      return grammar === undefined || candidates.allows(grammar, token) ? token : undefined;
    };
    const token = candidate(false) ?? candidate(true);
    if (token === undefined) return undefined;
    grammar?.accept(token);
    chain.accept(token);
    return token;
  };
}
