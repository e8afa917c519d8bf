import { describe, expect, test } from "vitest";
import { advance, fillInputs, type FillOptions } from "../../../../../services/engine/llama/pooling/fill-inputs.ts";
import { inputLimits } from "../../../../../services/engine/llama/pooling/input-limits.ts";
import { Batch } from "../../../../../services/engine/llama/native/batch.ts";
import { createPool } from "../../../../../services/engine/llama/pooling/pool.ts";

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
  /** What each batch has: the lengths of its pieces by the name of their list. */
  function batches(lists: Readonly<Record<string, readonly number[]>>, options: Partial<FillOptions> = {}) {
    const passages = Object.entries(lists).map(([name, lengths]) => {
      return { name, inputs: lengths.map((length) => new Int32Array(length)), input: 0, token: 0 };
    });
    const batch = new Batch(100);
    const seen: Record<string, number[]>[] = [];
    for (let left = passages; left.length > 0; left = left.filter(({ inputs, input }) => input < inputs.length)) {
      batch.clear();
      const filled = fillInputs(batch, left, { budget: 10, sequences: 4, cuts: true, ...options });
      const pieces = [...filled.values()].flat();
      expect(batch.size).toBe(pieces.reduce((sum, { tokens }) => sum + tokens, 0));
      expect(new Set(pieces.map(({ sequence }) => sequence)).size).toBe(pieces.length);
      seen.push(Object.fromEntries([...filled].map(([{ name }, those]) => [name, those.map(({ tokens }) => tokens)])));
      for (const [passage, those] of filled) advance(passage, those);
    }
    batch.free();
    return seen;
  }
  const ofOne = (lengths: readonly number[], options?: Partial<FillOptions>) =>
    batches({ a: lengths }, options).map(({ a }) => a);

  test("takes as many inputs as fit", () => {
    expect(ofOne([4, 5, 3, 7, 10, 1])).toEqual([[4, 5], [3, 7], [10], [1]]);
  });

  test("takes no more than there are sequences", () => {
    expect(ofOne([1, 1, 1, 1, 1, 1])).toEqual([
      [1, 1, 1, 1],
      [1, 1],
    ]);
  });

  test("cuts what is longer, and puts nothing beside it", () => {
    expect(ofOne([3, 25, 2, 2])).toEqual([[3], [10], [10], [5], [2, 2]]);
    expect(batches({ a: [25], b: [2] })).toEqual([{ a: [10] }, { a: [10] }, { a: [5] }, { b: [2] }]);
  });

  test("leaves what may not be cut whole", () => {
    expect(ofOne([3, 25, 2, 2], { cuts: false })).toEqual([[3], [25], [2, 2]]);
  });

  test("takes from each list in turn", () => {
    expect(batches({ a: [2, 2, 2, 2, 2], b: [3], c: [1, 1] })).toEqual([
      { a: [2, 2], b: [3], c: [1] },
      { a: [2, 2, 2], c: [1] },
    ]);
  });

  test("goes on with other lists when one's next does not fit", () => {
    expect(batches({ a: [8, 8], b: [9], c: [2] })).toEqual([{ a: [8], c: [2] }, { a: [8] }, { b: [9] }]);
  });
});
