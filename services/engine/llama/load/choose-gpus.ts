import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { Device } from "../native/devices.ts";

/** llama_split_mode: the whole model on one GPU. */
const splitNone = 0;

/**
 * The GPUs that a model uses, in the order in which they share it: those of `gpus`, else all (integrated ones only
 * where there is no other, as llama.cpp has it); with split_mode none the one that main_gpu names. None: the CPU works.
 * Throws RpcError MODEL_LOAD_FAILED when a setting names a GPU that is not there.
 */
export function chooseGpus(
  { gpus, split_mode, main_gpu }: Pick<ModelSettings, "gpus" | "split_mode" | "main_gpu">,
  devices: readonly Device[],
): Device[] {
  const all = devices.filter((device) => device.isGpu);
  const used = gpus === undefined ? byDefault(all) : gpus.map((number) => take(all, number, "gpus"));
  return split_mode === splitNone && used.length > 0 ? [take(used, main_gpu, "main_gpu")] : used;
}

/** GPUs with their numbers: `0 NVIDIA L4 (22.1 GiB free), 1 …`. */
export function describeGpus(gpus: readonly Device[]): string {
  const free = ({ freeBytes }: Device) => `${(freeBytes / 2 ** 30).toFixed(1)} GiB free`;
  return gpus.map((gpu, number) => `${number} ${gpu.description} (${free(gpu)})`).join(", ");
}

function byDefault(all: readonly Device[]): Device[] {
  const discrete = all.filter((gpu) => !gpu.isIntegrated);
  return discrete.length > 0 ? discrete : [...all];
}

function take(from: readonly Device[], number: number, setting: string): Device {
  const gpu = from[number];
  if (gpu !== undefined) return gpu;
  const there = from.length === 0 ? "there are none" : `there is: ${describeGpus(from)}`;
  throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, `${setting} names GPU ${number}, which does not exist (${there})`);
}
