import type { Slot } from "../kv/slots.ts";
import type { SlotMemory } from "../kv/slot-memory.ts";
import type { Context } from "../native/context.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import { tokenLogprob } from "../sampling/logprobs.ts";
import type { Sample } from "../sampling/sample.ts";
import type { StepPart } from "./fill-batch.ts";
import type { Sequence, SequenceVocabulary } from "./sequence.ts";

export interface AcceptTokensParts {
  readonly context: Pick<Context, "logits" | "sequenceLength">;
  readonly memory: Pick<SlotMemory, "copy" | "truncate">;
  readonly vocabulary: SequenceVocabulary & Pick<Vocabulary, "size">;
  readonly sample: Sample;
  /** When the masks of this step must be there (`performance.now()`). */
  readonly maskDeadline: () => number;
  /** A sequence has come to its end. */
  readonly onFinished: (sequence: Sequence) => void;
  /** No token can follow: the constraints exclude each other. */
  readonly onDeadEnd: (sequence: Sequence) => void;
}

/**
 * After a step: samples the tokens that its rows give, in order, and leaves in each slot exactly what the answer has.
 * Draft tokens count for as long as they are what is sampled; so the answer is the one that would have come without them.
 * Returns how many tokens were sampled.
 */
export function acceptTokens(parts: AcceptTokensParts, { sequence, tokens, rows }: StepPart): number {
  const { slot, request } = sequence;
  if (sequence.phase === "prefill") {
    appendTo(slot, tokens);
    sequence.reportProgress();
    const [row] = rows;
    if (row === undefined || request.abandoned) return 0;
    // The prompt is done: every choice goes on from its state, and samples its first token from the same row.
    for (const other of sequence.siblings) if (other !== sequence) parts.memory.copy(slot, other.slot);
    return sequence.siblings.reduce((sampled, choice) => sampled + acceptOne(parts, choice, row).sampled, 0);
  }

  let sampled = 0;
  for (const [index, row] of rows.entries()) {
    slot.tokens.push(tokens[index] ?? 0);
    if (request.abandoned) break;
    const accepted = acceptOne(parts, sequence, row);
    sampled += accepted.sampled;
    if (!accepted.goesOn || sequence.next !== tokens[index + 1]) break;
  }
  if (rows.length > 1) parts.memory.truncate(slot);
  return sampled;
}

/** Goes on with a sequence whose next token has to wait for its grammar's mask. Returns how many tokens were sampled. */
export function acceptHeld(parts: AcceptTokensParts, sequence: Sequence): number {
  return acceptOne(parts, sequence, undefined).sampled;
}

/** Not by spreading: a prompt chunk may be longer than what a call takes as arguments. */
function appendTo({ tokens: held }: Slot, tokens: readonly number[]): void {
  for (const token of tokens) held.push(token);
}

/** `row`: of the last decode; undefined: the sequence holds its logits. */
function acceptOne(
  parts: AcceptTokensParts,
  sequence: Sequence,
  row: number | undefined,
): { sampled: 0 | 1; goesOn: boolean } {
  const { context, vocabulary, sample, maskDeadline, onDeadEnd, onFinished } = parts;
  if (sequence.request.abandoned) return { sampled: 0, goesOn: false };
  const token = sample(sequence, { row, deadline: maskDeadline() });
  const logits = (): Float32Array => sequence.heldLogits ?? context.logits(row ?? 0, vocabulary.size);
  if (typeof token !== "number") {
    if (token === "later") sequence.hold(logits());
    else onDeadEnd(sequence);
    return { sampled: 0, goesOn: false };
  }
  const top = sequence.request.job.topLogprobs;
  const logprob = top === undefined ? undefined : tokenLogprob(logits(), { token, top, vocabulary });
  sequence.heldLogits = undefined;
  const goesOn = sequence.accept(token, logprob, context.sequenceLength);
  if (!goesOn) onFinished(sequence);
  return { sampled: 1, goesOn };
}
