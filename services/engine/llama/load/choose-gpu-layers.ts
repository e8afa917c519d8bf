import type { ModelSettings } from "../../../../settings/settings.ts";
import { describeBytes } from "../../../models/format-bytes.ts";
import { chooseGpus } from "./choose-gpus.ts";
import { estimateMemory, type EstimateMemoryParts, gpuFacts, readLayers } from "./estimate-memory.ts";

export interface GpuRoom {
  /** What the model may take of each GPU; one that is not named is free to be filled. */
  readonly room: Readonly<Record<string, number>>;
  readonly log: (level: "info" | "warn", message: string) => void;
}

/**
 * How many layers of a model fit on its GPUs, with as few slots as it may have: the most for which each GPU has room by
 * the estimate. Says so. All of them where the model cannot be estimated, which its load will explain.
 */
export async function chooseGpuLayers(
  parts: EstimateMemoryParts,
  settings: ModelSettings,
  { room, log }: GpuRoom,
): Promise<number> {
  if (chooseGpus(settings, parts.devices).length === 0) return 0;
  const layers = await readLayers(parts, settings);
  if (layers === undefined) return -1;
  const slots = settings.n_slots ?? 1;
  const fits = async (count: number) => {
    const estimate = await estimateMemory(parts, { ...settings, n_slots: slots, n_gpu_layers: count });
    return (estimate?.parts ?? []).every(({ device, weights, kvPerSlot, compute, computePerSlot }) => {
      const most = device === "RAM" ? Infinity : (room[device] ?? Infinity);
      return weights + compute + slots * (kvPerSlot + computePerSlot) <= most;
    });
  };
  let some = 0;
  // Most models fit as a whole, and each look takes as long as reading the vocabulary.
  if (await fits(layers)) some = layers;
  for (let tooMany = layers; tooMany - some > 1;) {
    const middle = Math.floor((some + tooMany) / 2);
    if (await fits(middle)) some = middle;
    else tooMany = middle;
  }
  const there = describeBytes(Object.fromEntries(gpuFacts(parts).map(({ device }) => [device, room[device] ?? 0])));
  log("info", `n_gpu_layers "auto": ${some} of ${layers} layers go to the GPU, where the model may take ${there}`);
  return some;
}
