import { freemem } from "node:os";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { Device } from "../native/devices.ts";
import type { Model } from "../native/model.ts";

/** More than this many slots must be asked for: each takes the memory of a whole context. */
export const maxSlots = 8;
/** The share of the free memory that KV caches may take; the rest is for compute buffers, other models and other programs. */
const memoryShare = 0.5;

/** Bytes of 32 values in a KV cache, by ggml type. */
const bytesOf32: Readonly<Record<number, number>> = {
  0: 128,
  1: 64,
  2: 18,
  3: 20,
  6: 22,
  7: 24,
  8: 34,
  20: 18,
  30: 64,
};

/** How many sequences a model should run at once when nobody says: up to eight, as far as memory allows. */
export function chooseSlotCount(
  model: Model,
  { settings, sequenceLength, gpus }: { settings: ModelSettings; sequenceLength: number; gpus: readonly Device[] },
): number {
  const onGpu = gpus.length > 0 && settings.n_gpu_layers !== 0 && settings.offload_kqv;
  const free = onGpu ? gpus.reduce((sum, gpu) => sum + gpu.freeBytes, 0) : freemem();
  const perSlot = kvBytesPerToken(model, settings) * sequenceLength;
  return Math.max(1, Math.min(maxSlots, Math.floor((free * memoryShare) / perSlot)));
}

/** From the GGUF's metadata; where that says nothing (per-layer lists), the upper bound of full attention. */
function kvBytesPerToken(model: Model, settings: ModelSettings): number {
  const architecture = model.metadata("general.architecture") ?? "";
  const number = (key: string): number | undefined => {
    const value = Number(model.metadata(`${architecture}.${key}`));
    return Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const width = number("embedding_length") ?? model.embeddingLength;
  const heads = number("attention.head_count") ?? 1;
  const kvHeads = number("attention.head_count_kv") ?? heads;
  const keys = kvHeads * (number("attention.key_length") ?? width / heads);
  const values = kvHeads * (number("attention.value_length") ?? width / heads);
  const size = (type: number | undefined): number => (bytesOf32[type ?? 1] ?? 64) / 32;
  return model.layers * (keys * size(settings.type_k) + values * size(settings.type_v));
}
