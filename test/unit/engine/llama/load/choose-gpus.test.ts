import { describe, expect, test } from "vitest";
import { chooseGpus } from "../../../../../services/engine/llama/load/choose-gpus.ts";
import { loadWarnings } from "../../../../../services/engine/llama/load/load-warnings.ts";
import type { Device } from "../../../../../services/engine/llama/native/devices.ts";

const [none, layer] = [0, 1];

function device(description: string, more: Partial<Device> = {}): Device {
  const pointer = 1n as Device["pointer"];
  const bytes = 2 ** 30;
  return {
    pointer,
    name: description,
    description,
    isGpu: true,
    isIntegrated: false,
    freeBytes: bytes,
    totalBytes: bytes,
    ...more,
  };
}

const cpu = device("CPU", { isGpu: false });
const integrated = device("iGPU", { isIntegrated: true });
const [first, second] = [device("A"), device("B")];

describe("the GPUs of a model", () => {
  test.each([
    ["are all that are not integrated", [cpu, integrated, first, second], {}, ["A", "B"]],
    ["are the integrated ones where there is no other", [cpu, integrated], {}, ["iGPU"]],
    ["are none on a machine without", [cpu], { main_gpu: 3, split_mode: none }, []],
    [
      "are those of gpus, in its order, counted over all",
      [integrated, cpu, first, second],
      { gpus: [2, 0] },
      ["B", "iGPU"],
    ],
    ["are none when gpus is empty", [first], { gpus: [] }, []],
    ["are one with split_mode none", [first, second], { split_mode: none, main_gpu: 1 }, ["B"]],
    ["are one of gpus with split_mode none", [first, second], { split_mode: none, main_gpu: 1, gpus: [1, 0] }, ["A"]],
  ])("%s", (_, devices, settings, names) => {
    const chosen = chooseGpus({ gpus: undefined, split_mode: layer, main_gpu: 0, ...settings }, devices);
    expect(chosen.map(({ name }) => name)).toEqual(names);
  });

  test.each([
    [[first], { gpus: [1] }, "gpus names GPU 1, which does not exist (there is: 0 A (1.0 GiB free))"],
    [[cpu], { gpus: [0] }, "gpus names GPU 0, which does not exist (there are none)"],
    [
      [first],
      { split_mode: none, main_gpu: 1 },
      "main_gpu names GPU 1, which does not exist (there is: 0 A (1.0 GiB free))",
    ],
  ])("that are not there are refused: %#", (devices, settings, message) => {
    expect(() => chooseGpus({ gpus: undefined, split_mode: layer, main_gpu: 0, ...settings }, devices)).toThrow(
      message,
    );
  });
});

describe("what this machine does not have", () => {
  const plain = { n_gpu_layers: -1, tensor_split: undefined, numa: 0 };

  test("is told for what was asked for alone", () => {
    expect(loadWarnings(plain, { gpus: [], numaNodes: 1 })).toEqual([]);
    const asked = { n_gpu_layers: 20, tensor_split: [1, 1], numa: 1 };
    expect(loadWarnings(asked, { gpus: [first, second], numaNodes: 2 })).toEqual([]);
    expect(loadWarnings(asked, { gpus: [], numaNodes: 1 })).toEqual([
      "n_gpu_layers is 20, but no GPU can be used: the CPU computes every layer",
      "tensor_split has no effect: no GPU can be used",
      "numa has no effect: this machine has one NUMA node, or llama.cpp cannot tell",
    ]);
  });
});
