import type { ModelSettings } from "../settings.ts";
import { isHubFormat } from "./chat-settings.ts";

/** llama_rope_scaling_type. */
const scaling = { unspecified: -1, none: 0, yarn: 2 } as const;
const splitNone = 0;

type Name = keyof ModelSettings;

/** When a setting has no effect, and why: what llama.cpp, or we, do with the others. */
const rules: readonly (readonly [setting: Name, when: (model: ModelSettings) => boolean, because: string])[] = [
  [
    "main_gpu",
    ({ main_gpu, split_mode }) => main_gpu > 0 && split_mode !== splitNone,
    "it only matters with split_mode none; the order of gpus is the order in which they get layers",
  ],
  ["tensor_split", ({ split_mode }) => split_mode === splitNone, "split_mode none leaves nothing to split"],
  ["tensor_split", ({ gpus }) => gpus?.length === 0, "gpus lists none"],
  ["n_gpu_layers", ({ gpus, n_gpu_layers }) => gpus?.length === 0 && n_gpu_layers !== 0, "gpus lists none"],
  [
    "rope_freq_scale",
    ({ rope_scaling_type, rope_freq_scale }) =>
      rope_scaling_type === scaling.none && rope_freq_scale !== 0 && rope_freq_scale !== 1,
    "rope_scaling_type none scales nothing",
  ],
  [
    "yarn_attn_factor",
    // 1 is what llama.cpp arrives at.
    (model) => usesYarn(model) && model.yarn_attn_factor >= 0 && model.yarn_attn_factor !== 1,
    "llama.cpp derives it from rope_freq_scale, unless yarn_ext_factor is 0",
  ],
  ...(["yarn_beta_fast", "yarn_beta_slow"] as const).map(
    (name) => [name, (model: ModelSettings) => usesNoYarn(model) && model[name] >= 0, "YaRN is off"] as const,
  ),
  ["yarn_orig_ctx", (model) => usesNoYarn(model) && model.yarn_orig_ctx > 0, "YaRN is off"],
  [
    "draft_model_num_pred_tokens",
    ({ draft_model }) => draft_model === undefined,
    "nothing drafts tokens without draft_model",
  ],
  [
    "chat_template_kwargs",
    (model) => namedFormat(model) !== undefined,
    "named formats have no variables; they are for templates",
  ],
  ...(["hf_tokenizer_config_path", "hf_pretrained_model_name_or_path"] as const).map(
    (name) => [name, writesPromptsOtherwise, "chat_format or chat_template takes precedence"] as const,
  ),
  [
    "hf_cache_dir",
    ({ hf_model_repo_id, hf_pretrained_model_name_or_path }) =>
      hf_model_repo_id === undefined && hf_pretrained_model_name_or_path === undefined,
    "nothing is downloaded without hf_model_repo_id",
  ],
  ...(["lora_path", "lora_adapters", "slot_save_path", "draft_model", "embedding", "cache"] as const).map(
    (name) => [name, ({ vocab_only }: ModelSettings) => vocab_only, "vocab_only loads no weights"] as const,
  ),
  ...(["cache_type", "cache_size", "cache_dir"] as const).map((name) => [name, isCacheOff, "cache is off"] as const),
  ["cache_dir", ({ cache, cache_type }) => cache && cache_type !== "disk", "the cache is kept in ram"],
];

function usesYarn({ rope_scaling_type, yarn_ext_factor }: ModelSettings): boolean {
  return yarn_ext_factor > 0 || (yarn_ext_factor < 0 && rope_scaling_type === scaling.yarn);
}

/** Unset scaling may be YaRN: the model decides. */
function usesNoYarn({ rope_scaling_type, yarn_ext_factor }: ModelSettings): boolean {
  const chosen = rope_scaling_type !== scaling.unspecified && rope_scaling_type !== scaling.yarn;
  return yarn_ext_factor === 0 || (yarn_ext_factor < 0 && chosen);
}

/** hf-tokenizer-config and its like only say that the file's template is to be used. */
function namedFormat({ chat_format }: ModelSettings): string | undefined {
  return isHubFormat(chat_format) ? undefined : chat_format;
}

function writesPromptsOtherwise(model: ModelSettings): boolean {
  return namedFormat(model) !== undefined || model.chat_template !== undefined;
}

function isCacheOff({ cache }: ModelSettings): boolean {
  return !cache;
}

/** The settings of a model whose values have no effect because of others, and why, as the end of a sentence. */
export function ineffective(model: ModelSettings): readonly (readonly [setting: Name, because: string])[] {
  return rules.filter(([, when]) => when(model)).map(([setting, , because]) => [setting, because] as const);
}
