import type { Batch } from "../native/batch.ts";

/** A list of inputs on its way through: everything before `token` of `inputs[input]` is done. */
export interface Passage {
  readonly inputs: readonly Int32Array[];
  input: number;
  token: number;
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

/**
 * Puts into an empty batch the next of an input that is not whole yet, or whole inputs: of each list one after another,
 * beginning with the first, until one does not fit. Says which each list has in the batch.
 */
export function fillInputs<P extends Passage>(
  batch: Batch,
  passages: readonly P[],
  { budget, sequences, cuts }: FillOptions,
): Map<P, Piece[]> {
  const pieces = new Map<P, Piece[]>();
  let count = 0;
  const add = (passage: P, input: number, from: number): Piece => {
    const tokens = passage.inputs[input] ?? new Int32Array();
    const to = cuts ? Math.min(tokens.length, from + budget) : tokens.length;
    const isLast = to === tokens.length;
    const piece = { input, sequence: count++, firstToken: batch.size, tokens: to - from, isLast };
    for (let at = from; at < to; at++) batch.add(tokens[at] ?? 0, at, piece.sequence, true);
    const those = pieces.get(passage);
    if (those === undefined) pieces.set(passage, [piece]);
    else those.push(piece);
    return piece;
  };

  // What an earlier batch began is alone in the context, and so is what the next one goes on with.
  const begun = passages.find(({ token }) => token > 0);
  if (begun !== undefined) {
    add(begun, begun.input, begun.token);
    return pieces;
  }
  let open = passages;
  for (let round = 0; open.length > 0 && count < sequences; round++) {
    const fitting: P[] = [];
    for (const passage of open) {
      const length = passage.inputs[passage.input + round]?.length;
      if (length === undefined || count === sequences || (count > 0 && batch.size + length > budget)) continue;
      if (!add(passage, passage.input + round, 0).isLast) return pieces;
      fitting.push(passage);
    }
    open = fitting;
  }
  return pieces;
}

/** Moves a list to where the next batch begins. */
export function advance(passage: Passage, pieces: readonly Piece[]): void {
  const last = pieces.at(-1);
  if (last !== undefined && !last.isLast) passage.token += last.tokens;
  else {
    passage.input += pieces.length;
    passage.token = 0;
  }
}
