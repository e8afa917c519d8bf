import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { loraAdapters } from "../../../../settings/model/lora-adapters.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import { formatBytes } from "../../../models/format-bytes.ts";
import type { Context } from "../native/context.ts";
import { openDiskStore } from "./disk-store.ts";
import { PromptCache } from "./prompt-cache.ts";
import { createMemoryStore, type StateStore } from "./state-store.ts";

export interface PromptCacheOptions {
  readonly context: Context;
  /** What models may still take of the memory; undefined: nobody has counted. */
  readonly spareRamBytes: number | undefined;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** Of the memory or disk that is free; the rest is for contexts, other models and other programs. */
const defaultShare = 1 / 8;
const maxDefaultBytes = 8 * 2 ** 30;

/** The cache of prompt states beyond the slots, as the settings say; undefined: none. */
export async function createPromptCache(
  settings: ModelSettings,
  { context, spareRamBytes = Infinity, info, warn }: PromptCacheOptions,
): Promise<PromptCache | undefined> {
  const { cache, cache_type, cache_size, cache_dir } = settings;
  if (!cache) return undefined;
  const store = cache_type === "disk" ? await openDisk(settings, warn) : createMemoryStore();
  if (store === undefined) return undefined;
  const free = cache_type === "disk" ? await freeOnDisk(cache_dir) : freeMemory(spareRamBytes);
  const maxBytes = cache_size ?? Math.floor(Math.min(maxDefaultBytes, free * defaultShare));
  info(`prompt cache: up to ${formatBytes(maxBytes)} of ${cache_type === "disk" ? `disk in ${cache_dir}` : "memory"}`);
  return new PromptCache({ context, store, maxBytes, warn });
}

function freeMemory(spareRamBytes: number): number {
  return Math.max(0, Math.min(process.availableMemory(), spareRamBytes));
}

async function freeOnDisk(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** A disk that does not take the cache costs time, not the model. */
async function openDisk(settings: ModelSettings, warn: (message: string) => void): Promise<StateStore | undefined> {
  try {
    return await openDiskStore(join(settings.cache_dir, stateIdentity(settings)));
  } catch (error) {
    warn(`prompts that lose their slot are not kept: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Names everything that makes a state fit: another model's, or one kept in another way, would be read as nonsense. */
export function stateIdentity(settings: ModelSettings): string {
  const {
    model,
    clip_model_path: projector,
    type_k,
    type_v,
    flash_attn,
    kv_unified,
    kv_overrides,
    offload_kqv,
    n_gpu_layers,
  } = settings;
  const rope = Object.entries(settings).filter(([name]) => /^(rope|yarn)_/.test(name));
  const adapters = loraAdapters(settings).filter(({ scale }) => scale !== 0);
  const files = [model, projector, ...adapters.map(({ path }) => path)].map(
    (path) => path && [path, statSync(path).size, statSync(path).mtimeMs],
  );
  const scales = adapters.map(({ scale }) => scale);
  const parts = [files, scales, type_k, type_v, flash_attn, kv_unified, kv_overrides, offload_kqv, n_gpu_layers, rope];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
