import type { Batch } from "./native/batch.ts";

/** How far a list of inputs is done: everything before this token of this input. */
export interface Place {
  readonly input: number;
  readonly token: number;
}

/** The part of an input that a batch has. */
export interface Piece {
  readonly input: number;
  readonly sequence: number;
  /** In the batch. */
  readonly firstToken: number;
  readonly tokens: number;
  readonly isLast: boolean;
}

export interface FillOptions {
  /** Tokens of the batch, unless an input that may not be cut has more by itself. */
  readonly budget: number;
  readonly sequences: number;
  /** Whether an input that is longer than the budget goes through in several batches, one after another. */
  readonly cuts: boolean;
}

/** Puts into an empty batch the next of an input that is not whole yet, or as many whole ones as fit. */
export function fillInputs(
  batch: Batch,
  inputs: readonly Int32Array[],
  place: Place,
  { budget, sequences, cuts }: FillOptions,
): Piece[] {
  const pieces: Piece[] = [];
  for (const [index, tokens] of inputs.slice(place.input, place.input + sequences).entries()) {
    const from = index === 0 ? place.token : 0;
    if (index > 0 && batch.size + tokens.length > budget) break;
    const to = cuts ? Math.min(tokens.length, from + budget) : tokens.length;
    const isLast = to === tokens.length;
    pieces.push({ input: place.input + index, sequence: index, firstToken: batch.size, tokens: to - from, isLast });
    for (let at = from; at < to; at++) batch.add(tokens[at] ?? 0, at, index, true);
    // What the next batch goes on with must be alone in the context, and so must what an earlier one began.
    if (from > 0 || !isLast) break;
  }
  return pieces;
}

/** Where the next batch begins. */
export function placeAfter(place: Place, pieces: readonly Piece[]): Place {
  const last = pieces.at(-1);
  if (last === undefined || last.isLast) return { input: place.input + pieces.length, token: 0 };
  return { input: last.input, token: place.token + last.tokens };
}
