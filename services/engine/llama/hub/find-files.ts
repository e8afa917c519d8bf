import { isAbsolute } from "node:path";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { OpenModelOptions } from "../load/open-model.ts";
import { readHubConfig } from "../../../hub/config.ts";
import { findModel } from "./find-model.ts";
import { findTokenizer, type FoundTokenizer } from "./find-tokenizer.ts";

export interface FoundFiles {
  /** With the path of the model's file in `model`. */
  readonly settings: ModelSettings;
  /** What is to be used instead of the GGUF's chat template. */
  readonly tokenizer: FoundTokenizer | undefined;
  /** What tells the progress of the load that follows. */
  readonly onProgress: (progress: number) => void;
}

/** A download takes nearly all of the time until the model is in memory. */
const downloadShare = 0.95;

/**
 * Finds the files that a model's settings name, and downloads those that are on Hugging Face and not yet here. Throws
 * RpcError MODEL_LOAD_FAILED.
 */
export async function findFiles(settings: ModelSettings, { onProgress, log }: OpenModelOptions): Promise<FoundFiles> {
  const { hf_model_repo_id: repo, model: pattern, hf_cache_dir } = settings;
  const tokenizers = [settings.hf_tokenizer_config_path, settings.hf_pretrained_model_name_or_path];
  if ([repo, ...tokenizers].every((setting) => setting === undefined))
    return { settings, tokenizer: undefined, onProgress };
  const environment = readHubConfig();
  const hub = hf_cache_dir === undefined ? environment : { ...environment, cacheDir: hf_cache_dir };
  const tokenizer = await findTokenizer(hub, settings);
  if (repo === undefined) return { settings, tokenizer, onProgress };
  const found = await findModel(
    hub,
    { repo, pattern },
    { onProgress: (progress) => onProgress(progress * downloadShare), log },
  );
  const { clip_model_path: clip } = settings;
  // The config has made a path of one's own absolute; another is a name in the repository.
  const isNamed = clip !== undefined && !isAbsolute(clip);
  const projector = isNamed ? await findModel(hub, { repo, pattern: clip }, { onProgress() {}, log }) : undefined;
  const downloaded = found.downloaded || projector?.downloaded === true;
  return {
    settings: { ...settings, model: found.path, ...(projector && { clip_model_path: projector.path }) },
    tokenizer,
    onProgress: downloaded ? (progress) => onProgress(downloadShare + progress * (1 - downloadShare)) : onProgress,
  };
}
