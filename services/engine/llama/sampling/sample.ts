import type { TokenMask } from "../../grammar/matcher/token-mask.ts";
import type { Context } from "../native/context.ts";
import type { Candidates } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { Sequence } from "../loop/sequence.ts";
import { grammarRefusal } from "./grammars.ts";

/**
 * Samples the next token of a sequence and accepts it; `dead end` when none is possible. `later`: the tokens that its
 * grammar allows are not all found before the deadline (`performance.now()`); the caller keeps the logits as the
 * sequence's `heldLogits` and calls again, without a row. Throws RpcError where a grammar is too complex.
 */
export type Sample = (sequence: Sequence, from: SampleFrom) => number | "dead end" | "later";

export interface SampleFrom {
  /** Of the last decode; undefined: from the logits that the sequence holds. */
  readonly row: number | undefined;
  readonly deadline: number;
}

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
  return (sequence, from) => {
    try {
      const { chain, grammar } = sequence;
      const forced = sequence.forced();
      const isForced = forced !== undefined && (grammar === undefined || grammar.allows(forced));
      const token = isForced ? forced : select(sequence, from);
      // What llama.cpp samples by itself it has accepted.
      if (typeof token !== "number") return token ?? "dead end";
      grammar?.accept(token);
      if (isForced || isOurs(sequence)) chain.accept(token);
      return token;
    } catch (error) {
      throw grammarRefusal(error);
    }
  };

  function select(sequence: Sequence, { row, deadline }: SampleFrom): number | undefined | "later" {
    const { chain, grammar } = sequence;
    if (!isOurs(sequence)) return chain.sample(context, row ?? 0);
    const excluded = isTooEarlyToEnd(sequence) ? vocabulary.eogTokens : [];
    const logits = sequence.heldLogits ?? context.logits(row ?? 0, vocabulary.size);
    const from = (mask?: TokenMask): number | undefined => {
      candidates.fill(logits, { mask, without: excluded });
      candidates.apply(chain);
      return candidates.selected();
    };
    // Who holds logits was refused before.
    if (sequence.heldLogits === undefined && grammar?.isNarrow !== true) {
      const token = from();
      if (token !== undefined && (grammar === undefined || grammar.allows(token))) return token;
    }
    const mask = grammar?.mask(deadline);
    return mask === undefined && grammar !== undefined ? "later" : mask && from(mask);
  }
}

/** Whether the draw is ours to make, and not llama.cpp's. */
function isOurs(sequence: Sequence): boolean {
  return sequence.grammar !== undefined || isTooEarlyToEnd(sequence);
}

function isTooEarlyToEnd({ generated, request }: Sequence): boolean {
  return generated < request.job.minTokens;
}
