import { expect, test } from "vitest";
import { ErrorReason } from "../../../../../clients/errors.ts";
import { requireRoom } from "../../../../../services/engine/llama/load/require-room.ts";

const part = { weights: 600e6, kvPerSlot: 100e6, compute: 50e6, computePerSlot: 10e6, process: 0 };
const estimate = {
  parts: [
    { ...part, device: "GPU0" },
    { ...part, device: "RAM" },
  ],
  minSlots: 2,
  maxSlots: 8,
  gpus: [],
};
const gpu = (freeBytes: number) => [{ device: "GPU0", description: "NVIDIA L4", freeBytes, totalBytes: 24e9 }];

test("a load goes on where the GPU has room for the fewest slots, whatever RAM says", () => {
  expect(() => requireRoom(estimate, gpu(870e6))).not.toThrow();
  expect(() => requireRoom(estimate, [])).not.toThrow();
});

test("a GPU of which another program has taken some since the estimate is told, with the bytes", () => {
  expect(() => requireRoom(estimate, gpu(500e6))).toThrow(
    expect.objectContaining({
      reason: ErrorReason.INSUFFICIENT_MEMORY,
      message: "it needs 870 MB of GPU0, and GPU0 (NVIDIA L4) has 500 MB free: another program holds the rest",
    }),
  );
});
