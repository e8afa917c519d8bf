import type { Batch } from "../native/batch.ts";
import type { Sequence } from "./sequence.ts";
import type { Slot } from "../kv/slots.ts";

export type FillableBatch = Pick<Batch, "add" | "clear" | "capacity"> & StepBatch;

/** What llama_decode is given. */
export type StepBatch = Pick<Batch, "struct" | "size" | "rows">;

export interface FillOptions {
  readonly slots: readonly Slot[];
  /** Prompt tokens of this step, over all sequences, at most. */
  readonly promptTokens: number;
  /**
   * llama.cpp computes sequences together only when their ids are neighbours. A gap of up to this many idle slots is
   * filled with a row each, whose result is thrown away, where that is cheaper than computing twice.
   */
  readonly maxPaddingRows: number;
  readonly sequenceLength: number;
  /** The position of what comes after the tokens that a slot holds. */
  readonly positionOf: (slot: Slot) => number;
}

export interface StepPlan {
  readonly batch: StepBatch;
  /** false: its rows see each other in both directions. */
  readonly isCausal: boolean;
  readonly parts: readonly StepPart[];
  /** Idle slots that got a padding row: after the step they are truncated to their tokens. */
  readonly padded: readonly Slot[];
  readonly promptTokens: number;
}

export interface StepPart {
  readonly sequence: Sequence;
  /** What the step adds to the slot: prompt tokens, or the last sampled token and then draft tokens. */
  readonly tokens: readonly number[];
  /** Batch rows whose logits are sampled from: none, that of the prompt's last token, or one for each token. */
  readonly rows: readonly number[];
}

/**
 * Fills the batch for one step: a token, and draft tokens, for each sequence that decodes, and as much of the prompts, in order of
 * arrival, as the budget allows. Ids ascend in the batch, as llama.cpp needs them to.
 *
 * @param running in ascending order of their slots
 */
export function fillBatch(batch: FillableBatch, running: readonly Sequence[], options: FillOptions): StepPlan {
  batch.clear();
  const room = batch.capacity - decoding(running);
  const shares = sharePrompts(running, Math.min(options.promptTokens, room));
  /** Rows that nobody was promised. */
  let spare = room - [...shares.values()].reduce((sum, share) => sum + share, 0);
  const parts: StepPart[] = [];
  const padded: Slot[] = [];
  let promptTokens = 0;
  let previous: number | undefined;
  for (const sequence of running) {
    const tokens = tokensOf(sequence, shares.get(sequence) ?? 0, options.sequenceLength);
    if (tokens.length === 0) continue;
    if (previous !== undefined) {
      const gap = pad(batch, { from: previous, to: sequence.slot.id, spare }, options);
      padded.push(...gap);
      spare -= gap.length;
    }
    previous = sequence.slot.id;
    const decodes = sequence.phase === "decode";
    if (!decodes) promptTokens += tokens.length;
    const last = !decodes && tokens.length === sequence.remainingPrompt ? tokens.length - 1 : -1;
    const start = options.positionOf(sequence.slot);
    const rows: number[] = [];
    for (const [index, token] of tokens.entries()) {
      const output = decodes || index === last;
      const row = batch.add(token, start + index, sequence.slot.id, output);
      if (output) rows.push(row);
    }
    parts.push({ sequence, tokens, rows });
  }
  return { batch, isCausal: true, parts, padded, promptTokens };
}

/** Tokens of the sequences that decode: they come first, so what they need is not given to prompts. */
function decoding(running: readonly Sequence[]): number {
  return running.reduce((sum, { phase, draft }) => sum + (phase === "decode" ? 1 + draft.length : 0), 0);
}

function tokensOf(sequence: Sequence, share: number, sequenceLength: number): readonly number[] {
  const start = sequence.slot.tokens.length;
  if (sequence.phase === "decode") return [sequence.next, ...sequence.draft].slice(0, sequenceLength - start);
  return Array.from(sequence.request.job.prompt.subarray(start, start + share));
}

/** Only the first choice of a run prefills: the others copy its sequence. */
function sharePrompts(running: readonly Sequence[], budget: number): Map<Sequence, number> {
  const shares = new Map<Sequence, number>();
  let left = budget;
  const waiting = running.filter((sequence) => sequence.phase === "prefill" && sequence.choice === 0);
  for (const sequence of waiting.sort((a, b) => a.request.arrivedAt - b.request.arrivedAt)) {
    const share = Math.min(sequence.remainingText, left);
    shares.set(sequence, share);
    left -= share;
  }
  return shares;
}

function pad(
  batch: FillableBatch,
  { from, to, spare }: { readonly from: number; readonly to: number; readonly spare: number },
  { slots, maxPaddingRows, sequenceLength, positionOf }: FillOptions,
): Slot[] {
  const gap = slots.slice(from + 1, to);
  const fits = gap.every((slot) => !slot.busy && slot.tokens.length < sequenceLength);
  if (gap.length > maxPaddingRows || gap.length > spare || !fits) return [];
  for (const slot of gap) batch.add(0, positionOf(slot), slot.id, false);
  return gap;
}
