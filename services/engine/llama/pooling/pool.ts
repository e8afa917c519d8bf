import type { Pooling } from "../../engine.ts";

/** Makes one input's result out of its tokens' vectors, which come in order and in pieces of any number of tokens. */
export interface Pool {
  /** `vectors`: one after another. They are read before this returns. */
  add(vectors: Float32Array): void;
  result(): Float32Array;
}

/**
 * The pool of an input of `tokens` tokens, whose vectors have `width` numbers. llama.cpp pools too, but only what it
 * computes in one go: here an input may be longer than that, and one context serves every kind.
 */
export function createPool(pooling: Pooling, { width, tokens }: { width: number; tokens: number }): Pool {
  switch (pooling) {
    case "mean":
      return createMean(width);
    case "cls":
      return createChoice((vectors, chosen) => chosen ?? vectors.slice(0, width));
    case "last":
      return createChoice((vectors) => vectors.slice(-width));
    case "none":
      return createList(width * tokens);
  }
}

function createMean(width: number): Pool {
  // Thousands of tokens would lose digits in 32 bits.
  const sums = new Float64Array(width);
  let tokens = 0;
  return {
    add(vectors) {
      for (let at = 0; at < vectors.length; at += width) {
        for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) + (vectors[at + i] ?? 0);
      }
      tokens += vectors.length / width;
    },
    result: () => Float32Array.from(sums, (sum) => sum / tokens),
  };
}

function createChoice(choose: (vectors: Float32Array, chosen: Float32Array | undefined) => Float32Array): Pool {
  let chosen: Float32Array | undefined;
  return {
    add(vectors) {
      chosen = choose(vectors, chosen);
    },
    result: () => chosen ?? new Float32Array(),
  };
}

function createList(length: number): Pool {
  const list = new Float32Array(length);
  let filled = 0;
  return {
    add(vectors) {
      list.set(vectors, filled);
      filled += vectors.length;
    },
    result: () => list,
  };
}
