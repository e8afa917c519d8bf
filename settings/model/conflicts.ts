import { isAbsolute } from "node:path";
import type { ModelSettings } from "../settings.ts";
import { kvTypes } from "./context-settings.ts";
import { int32Max, isHubRepo } from "../kinds.ts";

const wholeKvTypes: ReadonlySet<number> = new Set([kvTypes.f32, kvTypes.f16, kvTypes.bf16]);
/** What a model gets at most when n_slots is unset. */
const maxSlotsByDefault = 8;

/**
 * Settings of a model that contradict each other; each as the setting at fault and the rest of a sentence about it.
 * llama.cpp answers most of these with an aborted process, or by ignoring one of the two.
 */
export function conflicts(model: ModelSettings): readonly (readonly [setting: keyof ModelSettings, fault: string])[] {
  const found: [keyof ModelSettings, string][] = [];
  const { type_v, flash_attn, split_mode, gpus, tensor_split, main_gpu, n_ctx, n_slots, chat_template, chat_format } =
    model;

  if (model.pin && model.ttl !== undefined)
    found.push(["ttl", "unloads a model that pin keeps in memory: remove one of the two"]);
  if (type_v !== undefined && !wholeKvTypes.has(type_v) && flash_attn === false)
    found.push(["type_v", "is quantized, which needs flash attention: set flash_attn to auto or true"]);
  if (split_mode === 3 && flash_attn === false)
    found.push(["split_mode", "tensor needs flash attention: set flash_attn to auto or true"]);
  if (gpus !== undefined && tensor_split !== undefined && tensor_split.length > gpus.length)
    found.push([
      "tensor_split",
      `has ${tensor_split.length} shares for the ${gpus.length} GPUs of gpus: give one for each`,
    ]);
  if (tensor_split?.every((share) => share === 0))
    found.push(["tensor_split", "gives every GPU nothing: remove it to split by free memory"]);
  if (gpus !== undefined && main_gpu > 0 && main_gpu >= gpus.length)
    found.push(["main_gpu", `is ${main_gpu}, but gpus lists ${gpus.length}: it counts within gpus, from 0`]);
  if (n_ctx * (n_slots ?? maxSlotsByDefault) > int32Max)
    found.push([
      "n_ctx",
      `is ${n_ctx} for each of ${n_slots ?? maxSlotsByDefault} slots, more than llama.cpp can count: lower it or n_slots`,
    ]);
  if (chat_format === "hf-tokenizer-config" && model.hf_tokenizer_config_path === undefined)
    found.push(["chat_format", "is hf-tokenizer-config, which needs hf_tokenizer_config_path"]);
  if (chat_format === "hf-autotokenizer" && model.hf_pretrained_model_name_or_path === undefined)
    found.push(["chat_format", "is hf-autotokenizer, which needs hf_pretrained_model_name_or_path"]);
  const tokenizer = model.hf_pretrained_model_name_or_path;
  if (tokenizer !== undefined && !isAbsolute(tokenizer) && !isHubRepo(tokenizer))
    found.push(["hf_pretrained_model_name_or_path", `is ${tokenizer}, neither a folder nor a repository`]);
  if (model.hf_tokenizer_config_path !== undefined && model.hf_pretrained_model_name_or_path !== undefined)
    found.push(["hf_tokenizer_config_path", "and hf_pretrained_model_name_or_path both bring a template: remove one"]);
  if (chat_template !== undefined && chat_format !== undefined)
    found.push(["chat_template", "and chat_format both say how prompts are written: remove one"]);
  return found;
}
