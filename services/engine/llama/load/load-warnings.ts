import { existsSync } from "node:fs";
import { platform } from "node:os";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { Device } from "../native/devices.ts";

const numaDisabled = 0;

/** Sentences about settings that ask for something this machine does not have, so that they have no effect on it. */
export function loadWarnings(
  { n_gpu_layers, tensor_split, numa }: Pick<ModelSettings, "n_gpu_layers" | "tensor_split" | "numa">,
  { gpus, numaNodes = countNumaNodes() }: { gpus: readonly Device[]; numaNodes?: number },
): string[] {
  const found: string[] = [];
  if (gpus.length === 0 && n_gpu_layers > 0)
    found.push(`n_gpu_layers is ${n_gpu_layers}, but no GPU can be used: the CPU computes every layer`);
  if (gpus.length < 2 && tensor_split !== undefined)
    found.push(`tensor_split has no effect: ${gpus.length === 0 ? "no GPU can be used" : "there is one GPU to use"}`);
  if (numa !== numaDisabled && numaNodes < 2)
    found.push("numa has no effect: this machine has one NUMA node, or llama.cpp cannot tell");
  return found;
}

/** llama.cpp looks for them on Linux alone, and there. */
function countNumaNodes(): number {
  if (platform() !== "linux") return 1;
  return existsSync("/sys/devices/system/node/node1") ? 2 : 1;
}
