import { describe, expect, test } from "vitest";
import { fillInputs, type FillOptions, type Place, placeAfter } from "../../../../services/engine/llama/fill-inputs.ts";
import { inputLimits } from "../../../../services/engine/llama/input-limits.ts";
import { Batch } from "../../../../services/engine/llama/native/batch.ts";
import { createPool } from "../../../../services/engine/llama/pool.ts";

describe("pooling", () => {
  const rows = [1, 2, 3, 4, 5, 9];
  const pooled = (pooling: Parameters<typeof createPool>[0], pieces: readonly number[][]) => {
    const pool = createPool(pooling, { width: 2, tokens: 3 });
    for (const piece of pieces) pool.add(Float32Array.from(piece));
    return [...pool.result()];
  };

  test.each([
    ["mean", [3, 5]],
    ["cls", [1, 2]],
    ["last", [5, 9]],
    ["none", rows],
  ] as const)("%s is the same in one piece and in several", (pooling, expected) => {
    expect(pooled(pooling, [rows])).toEqual(expected);
    expect(pooled(pooling, [rows.slice(0, 2), rows.slice(2)])).toEqual(expected);
    expect(pooled(pooling, [rows.slice(0, 4), rows.slice(4)])).toEqual(expected);
  });

  test("keeps nothing of what it was shown", () => {
    const pool = createPool("last", { width: 2, tokens: 1 });
    const shown = Float32Array.of(1, 2);
    pool.add(shown);
    shown.fill(0);
    expect([...pool.result()]).toEqual([1, 2]);
  });
});

describe("limits", () => {
  const chat = { contextLength: 2048, microBatchTokens: 512, vocabularySize: 32_000, hasMemory: true, cuts: true };

  test("let a causal model take its whole context, in batches", () => {
    expect(inputLimits(chat)).toEqual({ batchTokens: 512, inputTokens: 2048, cuts: true });
  });

  test("make batches smaller where a vocabulary is large, for the logits", () => {
    expect(inputLimits({ ...chat, vocabularySize: 262_144 })).toMatchObject({ batchTokens: 128, inputTokens: 2048 });
    expect(inputLimits({ ...chat, vocabularySize: 10_000_000 }).batchTokens).toBe(64);
  });

  test("let an encoder take its whole length at once", () => {
    const encoder = { ...chat, vocabularySize: 250_002, hasMemory: false };
    expect(inputLimits(encoder)).toEqual({ batchTokens: 268, inputTokens: 2048, cuts: false });
    expect(inputLimits({ ...encoder, contextLength: 64 })).toMatchObject({ batchTokens: 64, inputTokens: 64 });
  });

  test("bound what must go through whole and has its logits planned for", () => {
    const whole = { ...chat, vocabularySize: 151_936, cuts: false };
    expect(inputLimits(whole)).toEqual({ batchTokens: 220, inputTokens: 512, cuts: false });
    expect(inputLimits({ ...whole, vocabularySize: 32_000 }).inputTokens).toBe(1048);
  });
});

describe("filling batches", () => {
  /** The inputs' lengths of each batch. */
  function batches(lengths: readonly number[], options: Partial<FillOptions> = {}): number[][] {
    const inputs = lengths.map((length) => new Int32Array(length));
    const batch = new Batch(100);
    const filled: number[][] = [];
    for (let place: Place = { input: 0, token: 0 }; place.input < inputs.length;) {
      batch.clear();
      const pieces = fillInputs(batch, inputs, place, { budget: 10, sequences: 4, cuts: true, ...options });
      expect(batch.size).toBe(pieces.reduce((sum, { tokens }) => sum + tokens, 0));
      filled.push(pieces.map(({ tokens }) => tokens));
      place = placeAfter(place, pieces);
    }
    batch.free();
    return filled;
  }

  test("takes as many inputs as fit", () => {
    expect(batches([4, 5, 3, 7, 10, 1])).toEqual([[4, 5], [3, 7], [10], [1]]);
  });

  test("takes no more than there are sequences", () => {
    expect(batches([1, 1, 1, 1, 1, 1])).toEqual([
      [1, 1, 1, 1],
      [1, 1],
    ]);
  });

  test("cuts what is longer, and puts nothing beside it", () => {
    expect(batches([3, 25, 2, 2])).toEqual([[3], [10], [10], [5], [2, 2]]);
  });

  test("leaves what may not be cut whole", () => {
    expect(batches([3, 25, 2, 2], { cuts: false })).toEqual([[3], [25], [2, 2]]);
  });
});
