import type { Draw } from "../sampling/sample.ts";
import type { StepPart } from "./fill-batch.ts";
import { tokenLogprob } from "../sampling/logprobs.ts";
import type { Context } from "../native/context.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { Sequence } from "./sequence.ts";
import type { SlotMemory } from "../kv/slot-memory.ts";

export interface TakeTokensParts {
  readonly context: Context;
  readonly memory: SlotMemory;
  readonly vocabulary: Vocabulary;
  readonly draw: Draw;
  /** A sequence has come to its end. */
  readonly onFinished: (sequence: Sequence) => void;
  /** No token can follow: the constraints exclude each other. */
  readonly onDeadEnd: (sequence: Sequence) => void;
}

/**
 * After a step: draws the tokens that its rows give, in order, and leaves in each slot exactly what the answer has.
 * Guessed tokens count for as long as they are what is drawn; so the answer is the one that would have come without them.
 * Returns how many tokens were drawn.
 */
export function takeTokens(parts: TakeTokensParts, { sequence, tokens, rows }: StepPart): number {
  const { memory } = parts;
  const { slot, run } = sequence;
  if (sequence.phase === "prefill") {
    slot.tokens.push(...tokens);
    const [row] = rows;
    if (row === undefined || run.abandoned) return 0;
    // The prompt is done: every choice goes on from its state, and draws its first token from the same row.
    for (const other of run.sequences) if (other !== sequence) memory.copy(slot, other.slot);
    return run.sequences.reduce((drawn, choice) => drawn + takeOne(parts, choice, row).drawn, 0);
  }

  let drawn = 0;
  for (const [index, row] of rows.entries()) {
    slot.tokens.push(tokens[index] ?? 0);
    if (run.abandoned) break;
    const taken = takeOne(parts, sequence, row);
    drawn += taken.drawn;
    if (!taken.goesOn || sequence.next !== tokens[index + 1]) break;
  }
  if (rows.length > 1) memory.undo(slot);
  return drawn;
}

function takeOne(parts: TakeTokensParts, sequence: Sequence, row: number): { drawn: 0 | 1; goesOn: boolean } {
  const { context, vocabulary, draw, onDeadEnd, onFinished } = parts;
  if (sequence.run.abandoned) return { drawn: 0, goesOn: false };
  const token = draw(sequence, row);
  if (token === undefined) {
    onDeadEnd(sequence);
    return { drawn: 0, goesOn: false };
  }
  const top = sequence.run.job.topLogprobs;
  const logprob =
    top === undefined ? undefined : tokenLogprob(context.logits(row, vocabulary.size), { token, top, vocabulary });
  const goesOn = sequence.take(token, logprob, context.sequenceLength);
  if (!goesOn) onFinished(sequence);
  return { drawn: 1, goesOn };
}
