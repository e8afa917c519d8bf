import type { Context } from "../native/context.ts";
import type { Candidates } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import { grammarRefusal } from "./grammars.ts";
import type { Sequence } from "../loop/sequence.ts";

/** Draws the next token of a sequence from a row of the last decode, and accepts it; undefined when none is possible. */
export type Sample = (sequence: Sequence, row: number) => number | undefined;

export interface SampleParts {
  readonly context: Context;
  readonly vocabulary: Vocabulary;
  readonly candidates: Candidates;
}

/**
 * Without constraints llama.cpp does it all. With a grammar the token is sampled first and only then checked, which costs
 * next to nothing; when it is refused, the second draw is from the tokens that the grammar allows. Where those are few
 * the first draw is already from them.
 */
export function createSample({ context, vocabulary, candidates }: SampleParts): Sample {
  const allowed = new Int32Array(vocabulary.size);
  return (sequence, row) => {
    try {
      return sample(sequence, row);
    } catch (error) {
      throw grammarRefusal(error);
    }
  };

  function sample(sequence: Sequence, row: number): number | undefined {
    const { chain, grammar, request, generated } = sequence;
    const forced = sequence.forced();
    if (forced !== undefined && (grammar === undefined || grammar.allows(forced))) {
      grammar?.accept(forced);
      chain.accept(forced);
      return forced;
    }
    const excluded = generated < request.job.minTokens ? vocabulary.eogTokens : [];
    if (grammar === undefined && excluded.length === 0) return chain.sample(context, row);

    const logits = context.logits(row, vocabulary.size);
    const selected = (): number | undefined => {
      candidates.apply(chain);
      return candidates.selected();
    };
    const fromAll = (): number | undefined => {
      candidates.fill(logits, excluded);
      const token = selected();
      return token !== undefined && (grammar?.allows(token) ?? true) ? token : undefined;
    };
    const fromAllowed = (): number | undefined => {
      const mask = grammar?.mask(Infinity);
      if (mask === undefined) return undefined;
      const tokens = allowed.subarray(0, mask.list(allowed)).filter((token) => !excluded.includes(token));
      candidates.fillWith(tokens, tokens.length, logits);
      return tokens.length === 0 ? undefined : selected();
    };
    const token = grammar?.isNarrow === true ? fromAllowed() : (fromAll() ?? fromAllowed());
    if (token === undefined) return undefined;
    grammar?.accept(token);
    chain.accept(token);
    return token;
  }
}
