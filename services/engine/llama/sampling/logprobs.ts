import type { TokenCandidate, TokenLogprob } from "../../engine.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

/**
 * The log-probability of a token and of the `top` most likely ones, from the model's raw logits: log-softmax over the
 * whole vocabulary, before any sampler.
 */
export function tokenLogprob(
  logits: Float32Array,
  { token, top, vocabulary }: { token: number; top: number; vocabulary: Pick<Vocabulary, "piece"> },
): TokenLogprob {
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const logTotal = max + Math.log(sum);
  const candidate = (id: number): TokenCandidate => ({
    id,
    bytes: vocabulary.piece(id, true),
    logprob: (logits[id] ?? -Infinity) - logTotal,
  });
  return { token: candidate(token), top: mostLikely(logits, top).map(candidate) };
}

/** The indices of the `count` greatest values, greatest first; equal ones in order. */
export function mostLikely(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  if (count <= 0) return best;
  let min = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? -Infinity;
    if (best.length === count && value <= min) continue;
    let at = best.length;
    while (at > 0 && value > (values[best[at - 1] ?? 0] ?? -Infinity)) at--;
    best.splice(at, 0, index);
    if (best.length > count) best.pop();
    min = values[best.at(-1) ?? 0] ?? -Infinity;
  }
  return best;
}
