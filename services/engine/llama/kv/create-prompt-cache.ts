import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { ModelSettings } from "../../../config.ts";
import { openDiskStore } from "./disk-store.ts";
import type { Context } from "../native/context.ts";
import { PromptCache } from "./prompt-cache.ts";
import { createMemoryStore } from "./state-store.ts";

/** The cache of prompt states beyond the slots, as the settings say; undefined: none. */
export async function createPromptCache(settings: ModelSettings, context: Context): Promise<PromptCache | undefined> {
  if (!settings.cache) return undefined;
  const onDisk = settings.cache_type === "disk";
  const store = onDisk ? await openDiskStore(join(settings.cache_dir, identity(settings))) : createMemoryStore();
  return new PromptCache(context, store, settings.cache_size);
}

/** Names everything that makes a state fit: another model's, or one kept in another way, would be read as nonsense. */
function identity(settings: ModelSettings): string {
  const { model, lora_path, type_k, type_v, flash_attn, kv_unified, kv_overrides, offload_kqv, n_gpu_layers } =
    settings;
  const rope = Object.entries(settings).filter(([name]) => /^(rope|yarn)_/.test(name));
  const files = [model, lora_path].map((path) => path && [path, statSync(path).size, statSync(path).mtimeMs]);
  const parts = [files, type_k, type_v, flash_attn, kv_unified, kv_overrides, offload_kqv, n_gpu_layers, rope];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
