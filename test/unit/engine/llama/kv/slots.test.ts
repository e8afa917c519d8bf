import { describe, expect, test } from "vitest";
import {
  commonPrefix,
  createSlots,
  findDonor,
  placePrompt,
  reusablePrefix,
  type Slot,
} from "../../../../../services/engine/llama/kv/slots.ts";

const range = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

function slotsWith(...parts: Partial<Slot>[]): Slot[] {
  return createSlots(parts.length).map((slot, id) => ({ ...slot, ...parts[id], id }));
}

describe("placePrompt", () => {
  const options = { maxPaddingRows: 1, reuse: true };

  test("takes the free slot that shares the longest prefix", () => {
    const slots = slotsWith({ tokens: range(10) }, { tokens: range(100) }, { tokens: range(50) });
    expect(placePrompt(slots, range(120), options)?.id).toBe(1);
  });

  test("takes the slot that is preferred, if it is free", () => {
    const slots = slotsWith({ busy: true }, { usedAt: 9 }, { tokens: range(80) });
    expect(placePrompt(slots, range(120), { ...options, preferred: 1 })?.id).toBe(1);
    expect(placePrompt(slots, range(120), { ...options, preferred: 0 })?.id).toBe(2);
    expect(placePrompt(slots, range(120), { ...options, preferred: 7 })?.id).toBe(2);
  });

  test("takes the slot unused for longest when nothing worthwhile is shared", () => {
    const slots = slotsWith({ tokens: range(9, 50), usedAt: 3 }, { tokens: range(9, 60), usedAt: 1 }, { usedAt: 2 });
    expect(placePrompt(slots, range(40), options)?.id).toBe(1);
  });

  test("stays near running sequences, so that they are computed together", () => {
    const slots = slotsWith({ busy: true }, { usedAt: 9 }, { usedAt: 8 }, { usedAt: 0 });
    expect(placePrompt(slots, range(40), options)?.id).toBe(2);
    expect(placePrompt(slots, range(40), { ...options, maxPaddingRows: 7 })?.id).toBe(3);
  });

  test("shares nothing when told not to", () => {
    const slots = slotsWith({ tokens: range(80), usedAt: 2 }, { usedAt: 1 });
    expect(placePrompt(slots, range(90), { ...options, reuse: false })?.id).toBe(1);
  });

  test("finds nothing when every slot is busy", () => {
    expect(placePrompt(slotsWith({ busy: true }), range(3), options)).toBeUndefined();
  });
});

describe("findDonor", () => {
  test("finds the slot, a running one too, that shares clearly more than the slot itself", () => {
    const slots = slotsWith({ busy: true, tokens: range(80) }, { tokens: range(20) });
    expect(findDonor(slots, slots[1]!, { prompt: [...range(70), 999] })?.id).toBe(0);
  });

  test("finds none for a few tokens", () => {
    const slots = slotsWith({ busy: true, tokens: range(80) }, { tokens: range(60) });
    expect(findDonor(slots, slots[1]!, { prompt: range(90) })).toBeUndefined();
  });
});

test("reusablePrefix never covers the whole prompt: its last token gives the logits", () => {
  expect(reusablePrefix(range(40), range(40))).toBe(39);
});

test("commonPrefix counts leading equal tokens", () => {
  expect(commonPrefix([1, 2, 3], Int32Array.of(1, 2, 4))).toBe(2);
  expect(commonPrefix([], [1])).toBe(0);
});
