import { expect, test } from "vitest";
import { projectorGpu } from "../../../../../services/engine/llama/multimodal/open-projector.ts";
import type { Device } from "../../../../../services/engine/llama/native/devices.ts";
import { modelSettingsSchema } from "../../../../../settings/settings.ts";

const gpus = ["GPU0", "GPU1"].map((name) => ({ name, isGpu: true }) as Device);
const nameOf = (settings: object, there = gpus) =>
  projectorGpu(modelSettingsSchema.parse({ model: "m.gguf", model_alias: "m", ...settings }), there)?.name;

test("a projector computes where its model does, unless mmproj_use_gpu says otherwise", () => {
  expect(nameOf({})).toBe("GPU0");
  expect(nameOf({ main_gpu: 1 })).toBe("GPU1");
  expect(nameOf({ mmproj_use_gpu: false })).toBeUndefined();
  expect(nameOf({ n_gpu_layers: 0 })).toBeUndefined();
  expect(nameOf({}, [])).toBeUndefined();
});
