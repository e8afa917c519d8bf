import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseTokenizerConfig, type TokenizerConfig } from "../../services/engine/text/template/tokenizer-config.ts";
import { z } from "zod";
import { folder, hubRepo, named, namesOf, optional, text, whole } from "../kinds.ts";
import { isKvOverride } from "./kv-override.ts";
import { isAdapter } from "./lora-adapters.ts";
import { honoured, meaningless, required } from "../setting.ts";

const numaStrategies = { disabled: 0, distribute: 1, isolate: 2, numactl: 3, mirror: 4 };

/** Which files a model is made of, and how they come into memory. */
export const fileSettings = {
  model: honoured(
    "Path of the GGUF file; of a split model, its first part. Relative paths start at the config file's folder. With hf_model_repo_id: the file's name in that repository, or a pattern that one model matches (*Q4_K_M.gguf).",
    text(),
    { expects: "the path of a GGUF file", replaced: { was: required } },
  ),
  model_alias: honoured("Name of the model in requests. Unset: the model setting as written.", optional(text()), {
    replaced: { was: null },
  }),
  use_mmap: honoured("Map the file into memory instead of reading it.", z.boolean().default(true), {
    replaced: { was: true },
  }),
  use_mlock: honoured(
    "Keep the model in RAM; needs the right to lock that much memory (ulimit -l, CAP_IPC_LOCK).",
    z.boolean().default(false),
    { replaced: { was: true, keep: true } },
  ),
  kv_overrides: honoured(
    "GGUF metadata to override, as key=type:value; the types are int, float, bool and str.",
    optional(z.array(z.string().refine(isKvOverride))),
    {
      expects:
        'a list of texts such as "tokenizer.ggml.add_bos_token=bool:false" (types int, float, bool, str; at most 127 bytes)',
      replaced: { was: null },
    },
  ),
  lora_path: honoured("Path of a LoRA adapter (GGUF) to apply to the model.", optional(text()), {
    expects: "the path of a GGUF file",
    replaced: { was: null },
  }),
  lora_adapters: honoured(
    "LoRA adapters (GGUF) that requests choose among by their number and scale them, each as path or path:scale; the scale is 1, and 0 leaves one to the requests that ask for it. The one of lora_path comes first.",
    optional(z.array(z.string().refine(isAdapter)).max(64)),
    { expects: "a list of paths of GGUF files, each with its scale behind a colon where it is not 1 (a.gguf:0.5)" },
  ),
  numa: honoured(
    `How memory and threads are spread over NUMA nodes: ${namesOf(numaStrategies)}; true is distribute.`,
    z
      .union([z.boolean(), named(numaStrategies)])
      .transform(Number)
      .prefault(false),
    { expects: `true, false or one of ${namesOf(numaStrategies)}`, replaced: { was: false } },
  ),
  lora_base: meaningless("Base model of a LoRA adapter.", optional(z.string()), {
    because: "llama.cpp applies adapters to the loaded model itself, whatever its quantization",
    replaced: { was: null },
  }),
  vocab_only: honoured(
    "Load the vocabulary without the weights: the model tokenizes, counts tokens and renders prompts, but generates nothing.",
    z.boolean().default(false),
    { replaced: { was: false } },
  ),
  clip_model_path: honoured(
    "Path of the projector (GGUF, mostly called mmproj) that lets the model see pictures or hear sounds. With hf_model_repo_id: its name in that repository, or a pattern. Needs llama.cpp's multimodal library, which is compiled once (tokenwire build-multimodal).",
    optional(text()),
    { expects: "the path of a GGUF file", replaced: { was: null } },
  ),
  mmproj: honoured("Another name of clip_model_path.", optional(text()), { expects: "the path of a GGUF file" }),
  media_cache_size: honoured(
    "How many bytes the embeddings of pictures and sounds may take, so that the same one is encoded once.",
    whole(0, Number.MAX_SAFE_INTEGER).default(128 * 2 ** 20),
  ),
  hf_model_repo_id: honoured(
    "Hugging Face repository that holds the model. It is downloaded once; a file in the cache is used without asking again.",
    optional(hubRepo()),
    { expects: "a repository such as Qwen/Qwen2.5-7B-Instruct-GGUF", replaced: { was: null } },
  ),
  hf_cache_dir: honoured(
    "Folder for downloaded models, laid out like Hugging Face's cache. Unset: HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub.",
    optional(folder()),
    { expects: "the path of a folder" },
  ),
  cache: honoured(
    "Keep the states of prompts that lose their slot, for later prompts that begin the same way.",
    z.boolean().default(true),
    { replaced: { was: false } },
  ),
  cache_type: honoured(
    "Where those states are kept: ram, or disk, where they survive a restart.",
    z.enum(["ram", "disk"]).default("ram"),
    { replaced: { was: "ram" } },
  ),
  cache_size: honoured(
    "Maximum size of those states, in bytes; the least recently used go first. Unset: an eighth of what is free when the model is loaded, at most 8 GiB.",
    optional(whole(0, Number.MAX_SAFE_INTEGER)),
    { replaced: { was: 2 ** 31 } },
  ),
  cache_dir: honoured(
    "Folder for those states with cache_type disk.",
    folder().prefault("~/.cache/tokenwire/prompts"),
    {
      expects: "the path of a folder",
    },
  ),
  slot_save_path: honoured(
    "Folder in which callers may save the states of slots, and put them back (POST /slots/{id}?action=save). Unset: they may not.",
    optional(folder()),
    { expects: "the path of a folder" },
  ),
};

export const tokenizerConfigName = "tokenizer_config.json";
/** Newer models keep the template in a file of its own, beside the other. */
export const templateFileName = "chat_template.jinja";

/** Reads a tokenizer_config.json with what is beside it. Throws an Error whose message ends a sentence that the file begins. */
export function readTokenizerConfig(path: string): TokenizerConfig {
  const beside = join(dirname(path), templateFileName);
  const template = existsSync(beside) ? readFileSync(beside, "utf8") : undefined;
  return parseTokenizerConfig(readFileSync(path, "utf8"), template);
}
