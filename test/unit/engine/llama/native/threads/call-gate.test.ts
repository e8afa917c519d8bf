import { expect, test } from "vitest";
import { CallGate } from "../../../../../../services/engine/llama/native/threads/call-gate.ts";

test("lets a few calls go on at a time, in order, also when some fail", async () => {
  const gate = new CallGate(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const call = (id: number) =>
    gate.run(async () => {
      begun.push(id);
      await new Promise<void>((resolve) => (ends[id] = resolve));
      if (id === 1) throw new Error("refused");
      return id;
    });
  const all = Promise.allSettled(Array.from({ length: 300 }, (_, id) => call(id)));
  for (let id = 0; id < 300; id++) {
    await new Promise(setImmediate);
    expect(begun.length).toBe(Math.min(300, id + 2));
    ends[id]?.();
  }
  const results = await all;
  expect(begun).toEqual(Array.from({ length: 300 }, (_, id) => id));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
});
