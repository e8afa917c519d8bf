import type { Batch } from "./native/batch.ts";
import type { Sequence } from "./sequence.ts";
import type { Slot } from "./slots.ts";

export interface FillOptions {
  readonly slots: readonly Slot[];
  /** Most prompt tokens of this step, over all sequences. */
  readonly promptTokens: number;
  /**
   * llama.cpp computes sequences together only when their ids are neighbours. A gap of up to this many idle slots is
   * filled with a row each, whose result is thrown away, where that is cheaper than computing twice.
   */
  readonly maxBridge: number;
  readonly sequenceLength: number;
}

export interface StepPlan {
  readonly parts: readonly StepPart[];
  /** Idle slots that got a filler row: forget what lies behind their tokens after the step. */
  readonly bridges: readonly Slot[];
  readonly promptTokens: number;
}

export interface StepPart {
  readonly sequence: Sequence;
  /** What the slot holds more of after the step. */
  readonly tokens: readonly number[];
  /** The batch index whose logits the next token is drawn from. */
  readonly row: number | undefined;
}

/**
 * Fills the batch for one step: one token for each sequence that decodes, and as much of the prompts, in order of
 * arrival, as the budget allows. Ids ascend in the batch, as llama.cpp needs them to.
 *
 * @param running in ascending order of their slots
 */
export function fillBatch(batch: Batch, running: readonly Sequence[], options: FillOptions): StepPlan {
  batch.clear();
  const shares = sharePrompts(running, Math.min(options.promptTokens, batch.capacity - decoding(running)));
  const parts: StepPart[] = [];
  const bridges: Slot[] = [];
  let promptTokens = 0;
  let previous: number | undefined;
  for (const sequence of running) {
    const tokens = tokensOf(sequence, shares.get(sequence) ?? 0);
    if (tokens.length === 0) continue;
    if (previous !== undefined) bridges.push(...bridge(batch, previous, sequence.slot.id, options));
    previous = sequence.slot.id;
    if (sequence.phase === "prefill") promptTokens += tokens.length;
    const ends = sequence.phase === "decode" || tokens.length === sequence.remainingPrompt;
    const start = sequence.slot.tokens.length;
    let row = -1;
    tokens.forEach((token, index) => {
      row = batch.add(token, start + index, sequence.slot.id, ends && index === tokens.length - 1);
    });
    parts.push({ sequence, tokens, row: ends ? row : undefined });
  }
  return { parts, bridges, promptTokens };
}

function decoding(running: readonly Sequence[]): number {
  return running.filter((sequence) => sequence.phase === "decode").length;
}

function tokensOf(sequence: Sequence, share: number): readonly number[] {
  if (sequence.phase === "decode") return [sequence.next];
  const start = sequence.slot.tokens.length;
  return Array.from(sequence.run.job.prompt.subarray(start, start + share));
}

/** Only the first choice of a run prefills: the others copy its sequence. */
function sharePrompts(running: readonly Sequence[], budget: number): Map<Sequence, number> {
  const shares = new Map<Sequence, number>();
  let left = budget;
  const waiting = running.filter((sequence) => sequence.phase === "prefill" && sequence.choice === 0);
  for (const sequence of waiting.sort((a, b) => a.run.arrivedAt - b.run.arrivedAt)) {
    const share = Math.min(sequence.remainingPrompt, left);
    shares.set(sequence, share);
    left -= share;
  }
  return shares;
}

function bridge(batch: Batch, from: number, to: number, { slots, maxBridge, sequenceLength }: FillOptions): Slot[] {
  const gap = slots.slice(from + 1, to);
  const fits = gap.every((slot) => !slot.busy && slot.tokens.length < sequenceLength);
  if (gap.length > maxBridge || gap.length > batch.room - 1 || !fits) return [];
  for (const slot of gap) batch.add(0, slot.tokens.length, slot.id, false);
  return gap;
}
