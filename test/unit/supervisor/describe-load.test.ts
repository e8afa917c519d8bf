import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Pooling } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelSchema } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { describeLoad } from "../../../services/supervisor/describe-load.ts";

const details = {
  description: "llama 7B Q8_0",
  sizeBytes: 7_000_000_000n,
  slots: 2,
  contextLength: 4096,
  backend: "cuda",
  threads: 8,
  layers: 33,
  offloadedLayers: 33,
  devices: ["NVIDIA H200"],
};

test("says how fast the file was read, since there was room for it, and what the model takes", () => {
  const model = create(ModelSchema, { id: "a", details });
  const measured = { RAM: 900_000_000, GPU0: 8_000_000_000, GPU1: 0 };
  expect(describeLoad(model, { tookMs: 9_000, readMs: 3_500, measured })).toBe(
    'model "a" loaded in 9.0 s (7.00 GB at 2.00 GB/s, takes 900 MB of RAM, 8.00 GB of GPU0): llama 7B Q8_0, ' +
      "2 slots of 4096 tokens, pooling as requested, cuda with 8 threads, offloaded 33/33 layers to GPU",
  );
});

test("says nothing of a GPU where there is none", () => {
  const model = create(ModelSchema, { id: "a", details: { ...details, devices: [], pooling: Pooling.MEAN } });
  expect(describeLoad(model, { tookMs: 50, readMs: 0 })).toMatch(/, mean pooling, cuda with 8 threads, on the CPU$/);
});

test("leaves out what nobody knows", () => {
  expect(describeLoad(create(ModelSchema, { id: "a" }), { tookMs: 50, readMs: 0 })).toBe('model "a" loaded in 0.1 s');
});
