import type { ModelSettings } from "../../../../settings/settings.ts";
import { parseKvOverride } from "../../../../settings/model/kv-override.ts";
import { chooseGpus } from "./choose-gpus.ts";
import { NativeBuffer } from "../native/buffers/buffer.ts";
import type { Device } from "../native/devices.ts";
import { nativePointers } from "../native/model.ts";
import { kvOverride, type ModelParams } from "../native/structs.ts";

/** llama_load_mode by [use_mmap, use_mlock]. AUTO maps the file where the devices can work with that. */
const loadModes = { auto: -1, read: 0, lock: 2, mapAndLock: 3 } as const;
const overrideTags = { int: 0, float: 1, bool: 2, str: 3 } as const;

/**
 * llama.cpp's parameters for loading a model, and the native memory that they point to: free it after the load.
 * Throws RpcError MODEL_LOAD_FAILED when a GPU is named that does not exist.
 */
export function modelParams(
  settings: ModelSettings,
  { devices, maxDevices }: { devices: readonly Device[]; maxDevices: number },
): { params: Partial<ModelParams>; usesGpu: boolean; free: () => void } {
  const buffers: NativeBuffer[] = [];
  const keep = (buffer: NativeBuffer): bigint => {
    buffers.push(buffer);
    return buffer.address;
  };
  const gpus = chooseGpus(settings, devices);
  const params: Partial<ModelParams> = {
    n_gpu_layers: settings.n_gpu_layers,
    split_mode: settings.split_mode,
    // With split_mode none the list of devices has that GPU alone.
    main_gpu: gpus.length === 1 ? 0 : settings.main_gpu,
    load_mode: loadMode(settings),
    vocab_only: settings.vocab_only,
    devices: keep(nativePointers([...gpus.map((gpu) => gpu.pointer), null])),
  };
  if (settings.tensor_split !== undefined) params.tensor_split = keep(packSplit(settings.tensor_split, maxDevices));
  if (settings.kv_overrides !== undefined && settings.kv_overrides.length > 0)
    params.kv_overrides = keep(packOverrides(settings.kv_overrides));
  return { params, usesGpu: gpus.length > 0, free: () => buffers.forEach((buffer) => buffer.free()) };
}

function loadMode({ use_mmap: map, use_mlock: lock }: ModelSettings): number {
  if (lock) return map ? loadModes.mapAndLock : loadModes.lock;
  return map ? loadModes.auto : loadModes.read;
}

/** llama.cpp reads as many floats as it has device slots, whatever the setting's length. */
function packSplit(shares: readonly number[], maxDevices: number): NativeBuffer {
  const buffer = new NativeBuffer(maxDevices * 4);
  buffer.float32.fill(0);
  buffer.float32.set(shares.slice(0, maxDevices));
  return buffer;
}

/** llama_model_kv_override[], ended by one with an empty key. */
function packOverrides(texts: readonly string[]): NativeBuffer {
  const buffer = new NativeBuffer((texts.length + 1) * kvOverride.bytes);
  buffer.bytes.fill(0);
  const encoder = new TextEncoder();
  texts.map(parseKvOverride).forEach((override, index) => {
    const start = index * kvOverride.bytes;
    const valueAt = start + kvOverride.valueOffset;
    buffer.data.setInt32(start, overrideTags[override.type], true);
    // One byte less: the closing zero.
    encoder.encodeInto(
      override.key,
      buffer.bytes.subarray(start + kvOverride.keyOffset, start + kvOverride.keyOffset + kvOverride.keyBytes - 1),
    );
    switch (override.type) {
      case "int":
        buffer.data.setBigInt64(valueAt, override.value, true);
        break;
      case "float":
        buffer.data.setFloat64(valueAt, override.value, true);
        break;
      case "bool":
        buffer.data.setUint8(valueAt, override.value ? 1 : 0);
        break;
      case "str":
        encoder.encodeInto(override.value, buffer.bytes.subarray(valueAt, valueAt + kvOverride.valueBytes - 1));
        break;
    }
  });
  return buffer;
}
