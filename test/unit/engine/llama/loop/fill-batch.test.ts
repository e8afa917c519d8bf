import { describe, expect, test } from "vitest";
import { createSlots, type Slot } from "../../../../../services/engine/llama/kv/slots.ts";
import { type FillableBatch, fillBatch } from "../../../../../services/engine/llama/loop/fill-batch.ts";
import type { Sequence } from "../../../../../services/engine/llama/loop/sequence.ts";

const range = (length: number): number[] => Array.from({ length }, (_, i) => 100 + i);

/** As `slot:position=token`, with `!` where logits are wanted. */
function createBatch(capacity: number) {
  const rows: string[] = [];
  const batch: FillableBatch = {
    capacity,
    get size() {
      return rows.length;
    },
    get rows() {
      return rows.filter((row) => row.endsWith("!")).length;
    },
    struct: {} as FillableBatch["struct"],
    clear: () => void rows.splice(0),
    add(token, position, slot, output) {
      if (rows.length === capacity) throw new RangeError("the batch is full");
      return rows.push(`${slot}:${position}=${token}${output ? "!" : ""}`) - 1;
    },
  };
  return { batch, rows };
}

interface Running {
  readonly slot: number;
  readonly held: readonly number[];
  /** Unset: it decodes. */
  readonly prompt?: readonly number[];
  readonly next?: number;
  readonly draft?: readonly number[];
  readonly choice?: number;
  readonly arrivedAt?: number;
}

function fill(running: readonly Running[], options: { capacity?: number; promptTokens?: number; slots?: number } = {}) {
  const slots: Slot[] = createSlots(options.slots ?? 4);
  const sequences = running.map(({ slot: id, held, prompt, next = 7, draft = [], choice = 0, arrivedAt = 0 }) => {
    const slot = slots[id]!;
    slot.busy = true;
    slot.tokens = [...held];
    return {
      slot,
      choice,
      next,
      draft,
      phase: prompt === undefined ? "decode" : "prefill",
      remainingPrompt: prompt === undefined ? 0 : prompt.length - held.length,
      remainingText: prompt === undefined ? 0 : prompt.length - held.length,
      request: { arrivedAt, job: { prompt: Int32Array.from(prompt ?? []) } },
    } as unknown as Sequence;
  });
  const { batch, rows } = createBatch(options.capacity ?? 512);
  const plan = fillBatch(batch, sequences, {
    slots,
    promptTokens: options.promptTokens ?? 512,
    maxPaddingRows: 1,
    sequenceLength: 1000,
    positionOf: ({ tokens }) => tokens.length,
  });
  return { rows, plan };
}

test("a token for each sequence that decodes, in ascending order of slots", () => {
  const { rows, plan } = fill([
    { slot: 0, held: range(3), next: 50 },
    { slot: 1, held: range(5), next: 60 },
  ]);
  expect(rows).toEqual(["0:3=50!", "1:5=60!"]);
  expect(plan).toMatchObject({ promptTokens: 0, padded: [], parts: [{ rows: [0] }, { rows: [1] }] });
});

test("draft tokens come with their sequence's, each with its logits, and end with the sequence's room", () => {
  expect(fill([{ slot: 0, held: range(2), next: 50, draft: [51, 52] }]).rows).toEqual([
    "0:2=50!",
    "0:3=51!",
    "0:4=52!",
  ]);
  expect(fill([{ slot: 0, held: range(999), next: 50, draft: [51, 52] }]).rows).toEqual(["0:999=50!"]);
});

describe("prompts", () => {
  test("are processed from where the slot's memory ends; only the last token's logits are wanted", () => {
    const { rows, plan } = fill([{ slot: 0, held: range(2), prompt: range(5) }]);
    expect(rows).toEqual(["0:2=102", "0:3=103", "0:4=104!"]);
    expect(plan.promptTokens).toBe(3);
  });

  test("share the budget in order of arrival, also when it is another order of slots", () => {
    const { plan } = fill(
      [
        { slot: 0, held: [], prompt: range(10), arrivedAt: 2 },
        { slot: 1, held: [], prompt: range(10), arrivedAt: 1 },
      ],
      { promptTokens: 14 },
    );
    expect(plan.parts.map(({ sequence, tokens }) => [sequence.slot.id, tokens.length])).toEqual([
      [0, 4],
      [1, 10],
    ]);
  });

  test("take no row that a stream needs", () => {
    const { rows } = fill(
      [
        { slot: 0, held: range(3) },
        { slot: 1, held: [], prompt: range(50) },
      ],
      { capacity: 8 },
    );
    expect(rows).toHaveLength(8);
    expect(rows[0]).toBe("0:3=7!");
  });

  test("are processed once for all choices of a request", () => {
    const { rows } = fill([
      { slot: 0, held: [], prompt: range(3) },
      { slot: 1, held: [], prompt: range(3), choice: 1 },
    ]);
    expect(rows.every((row) => row.startsWith("0:"))).toBe(true);
  });
});

describe("padding rows", () => {
  test("join streams that an idle slot keeps apart, behind what it holds", () => {
    const { rows, plan } = fill([
      { slot: 0, held: range(3) },
      { slot: 2, held: range(4) },
    ]);
    expect(rows).toEqual(["0:3=7!", "1:0=0", "2:4=7!"]);
    expect(plan.padded.map(({ id }) => id)).toEqual([1]);
  });

  test("are not worth a wider gap, and need room in the batch", () => {
    expect(
      fill([
        { slot: 0, held: range(3) },
        { slot: 3, held: range(4) },
      ]).plan.padded,
    ).toEqual([]);
    expect(
      fill(
        [
          { slot: 0, held: range(3) },
          { slot: 2, held: range(4) },
        ],
        { capacity: 2 },
      ).plan.padded,
    ).toEqual([]);
  });

  test("take no row that a prompt was given", () => {
    const { rows, plan } = fill(
      [
        { slot: 0, held: [], prompt: range(4) },
        { slot: 2, held: [], prompt: range(10) },
      ],
      { capacity: 8 },
    );
    expect(rows).toHaveLength(8);
    expect(plan.padded).toEqual([]);
  });
});

test("nothing runs: the batch is empty", () => {
  expect(fill([]).rows).toEqual([]);
});
