import { afterEach, describe, expect, test } from "vitest";
import type { Sequence } from "../../../../../services/engine/llama/loop/sequence.ts";
import type { Batch } from "../../../../../services/engine/llama/native/batch.ts";
import type { Context } from "../../../../../services/engine/llama/native/context.ts";
import type { Model } from "../../../../../services/engine/llama/native/model.ts";
import { createDraftModel } from "../../../../../services/engine/llama/speculation/draft-model.ts";
import type { Drafter } from "../../../../../services/engine/llama/speculation/drafter.ts";

const size = 2000;
const range = (length: number): number[] => Array.from({ length }, (_, i) => 100 + i);

/** A small model that says n + 1 after n, and is not sure after a multiple of ten. */
class FakeSmallModel {
  readonly cells: number;
  readonly held: number[] = [0, 0];
  readonly decoded: number[] = [];
  fails = false;
  #tokens: Int32Array = new Int32Array();

  constructor(cells: number) {
    this.cells = cells;
  }

  readonly context = {
    sequences: 2,
    sequenceLength: 1000,
    batchTokens: 64,
    setThreads() {},
    clear: () => this.held.fill(0),
    seqRm: (id: number, from: number) => {
      this.held[id] = Math.min(this.held[id] ?? 0, Math.max(0, from));
      return true;
    },
    decode: async (batch: Batch) => {
      if (this.fails) return 1;
      this.#tokens = tokensOf(batch);
      this.decoded.push(batch.size);
      for (const id of sequencesOf(batch)) this.held[id] = (this.held[id] ?? 0) + 1;
      return this.held.reduce((sum, count) => sum + count, 0) > this.cells ? 1 : 0;
    },
    logits: (row: number) => {
      const token = this.#tokens[row] ?? 0;
      const values = new Float32Array(size);
      if (token % 10 !== 0) values[token + 1] = 50;
      return values;
    },
    free: async () => {},
  } as unknown as Context;

  readonly model = {
    vocabulary: { size, isEog: (token: number) => token === 0 },
    free: async () => {},
  } as unknown as Model;
}

// The batch's own memory is native, and what it holds is read by its struct alone.
function tokensOf({ struct }: Batch): Int32Array {
  return readInt32(struct.token as bigint, struct.n_tokens);
}

function sequencesOf({ struct }: Batch): Int32Array {
  const pointers = readInt32(struct.seq_id as bigint, struct.n_tokens * 2);
  const first = new BigUint64Array(pointers.buffer, pointers.byteOffset, 1)[0] ?? 0n;
  return readInt32(first, struct.n_tokens);
}

const { int32At } = await import("../../../../../services/engine/llama/native/buffers/buffer.ts");
const readInt32 = (address: bigint, count: number) => int32At(address, count);

let drafter: Drafter | undefined;
afterEach(() => drafter?.free());

function start(cells = 4000, max = 4) {
  const small = new FakeSmallModel(cells);
  drafter = createDraftModel({
    model: small.model,
    context: small.context,
    max,
    threads: () => ({ decode: 1, prefill: 1 }),
  });
  return { small, drafter };
}

function sequence(id: number, tokens: readonly number[], next: number): Sequence {
  return { slot: { id, tokens: [...tokens] }, next, draft: [] } as unknown as Sequence;
}

test("drafts as far as the small model is sure, for all sequences together", async () => {
  const { small, drafter } = start();
  const [one, two] = [sequence(0, range(3), 111), sequence(1, range(3), 118)];
  await drafter.draft([one, two], 512);
  expect([one.draft, two.draft]).toEqual([
    [112, 113, 114, 115],
    [119, 120],
  ]);
  expect(small.decoded.at(-1)).toBe(1);
});

test("keeps what it has seen: a step later only what is new is computed", async () => {
  const { small, drafter } = start();
  const one = sequence(0, range(50), 111);
  await drafter.draft([one], 512);
  small.decoded.length = 0;
  one.slot.tokens.push(111, 112, 113);
  (one as { next: number }).next = 114;
  await drafter.draft([one], 512);
  expect(small.decoded.reduce((sum, count) => sum + count, 0)).toBeLessThan(8);
});

test("a long prompt is caught up with step by step, and drafted for when that is done", async () => {
  const { small, drafter } = start();
  const [long, short] = [sequence(0, range(200), 411), sequence(1, range(3), 111)];
  await drafter.draft([short, long], 100);
  expect(small.decoded.every((count) => count <= 64)).toBe(true);
  expect([long.draft, short.draft.length]).toEqual([[], 4]);
  await drafter.draft([short, long], 100);
  await drafter.draft([short, long], 100);
  expect(long.draft).toHaveLength(4);
});

describe("a cache that all sequences share", () => {
  test("loses those that nobody drafts for", async () => {
    const { drafter } = start(120);
    await drafter.draft([sequence(0, range(90), 291)], 512);
    const other = sequence(1, range(90), 291);
    await drafter.draft([other], 512);
    expect(other.draft).toHaveLength(4);
  });

  test("that is full all the same is an error, after which it begins anew", async () => {
    const { small, drafter } = start();
    small.fails = true;
    await expect(drafter.draft([sequence(0, range(9), 111)], 512)).rejects.toThrow("decode failed with 1");
    drafter.reset();
    small.fails = false;
    const again = sequence(0, range(9), 111);
    await drafter.draft([again], 512);
    expect(again.draft).toHaveLength(4);
  });
});
