import { describe, expect, test } from "vitest";
import { commonPrefix, createSlots, placePrompt, type Slot } from "../../../../../services/engine/llama/kv/slots.ts";

const range = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

function slotsWith(...parts: Partial<Slot>[]): Slot[] {
  return createSlots(parts.length).map((slot, id) => ({ ...slot, ...parts[id], id }));
}

describe("placePrompt", () => {
  const options = { maxPaddingRows: 1, reuse: true };

  test("takes the free slot that shares the longest prefix", () => {
    const slots = slotsWith({ tokens: range(10) }, { tokens: range(100) }, { tokens: range(50) });
    const placement = placePrompt(slots, range(120), options);
    expect(placement).toMatchObject({ slot: { id: 1 }, keep: 100, copyFrom: undefined });
  });

  test("never keeps the whole prompt: its last token gives the logits", () => {
    const slots = slotsWith({ tokens: range(40) });
    expect(placePrompt(slots, range(40), options)?.keep).toBe(39);
  });

  test("takes the slot that is preferred, if it is free, with the prefix that another one holds", () => {
    const slots = slotsWith({ busy: true }, { usedAt: 9 }, { tokens: range(80) });
    const placement = placePrompt(slots, range(120), { ...options, preferred: 1 });
    expect(placement).toMatchObject({ slot: { id: 1 }, keep: 80, copyFrom: { id: 2 } });
    expect(placePrompt(slots, range(120), { ...options, preferred: 0 })?.slot.id).toBe(2);
    expect(placePrompt(slots, range(120), { ...options, preferred: 7 })?.slot.id).toBe(2);
  });

  test("takes the slot unused for longest when nothing worthwhile is shared", () => {
    const slots = slotsWith({ tokens: range(9, 50), usedAt: 3 }, { tokens: range(9, 60), usedAt: 1 }, { usedAt: 2 });
    expect(placePrompt(slots, range(40), options)?.slot.id).toBe(1);
  });

  test("stays near running sequences, so that they are computed together", () => {
    const slots = slotsWith({ busy: true }, { usedAt: 9 }, { usedAt: 8 }, { usedAt: 0 });
    expect(placePrompt(slots, range(40), options)?.slot.id).toBe(2);
    expect(placePrompt(slots, range(40), { ...options, maxPaddingRows: 7 })?.slot.id).toBe(3);
  });

  test("copies a prefix that only a running slot holds", () => {
    const slots = slotsWith({ busy: true, tokens: range(80) }, { usedAt: 1 });
    expect(placePrompt(slots, [...range(70), 999], options)).toMatchObject({
      slot: { id: 1 },
      keep: 70,
      copyFrom: { id: 0 },
    });
  });

  test("shares nothing when told not to", () => {
    const slots = slotsWith({ tokens: range(80) });
    expect(placePrompt(slots, range(90), { ...options, reuse: false })).toMatchObject({ keep: 0, copyFrom: undefined });
  });

  test("finds nothing when every slot is busy", () => {
    expect(placePrompt(slotsWith({ busy: true }), range(3), options)).toBeUndefined();
  });
});

test("commonPrefix counts leading equal tokens", () => {
  expect(commonPrefix([1, 2, 3], Int32Array.of(1, 2, 4))).toBe(2);
  expect(commonPrefix([], [1])).toBe(0);
});
