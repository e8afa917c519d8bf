import type { Vocabulary } from "../../config/vocabulary.ts";

/** Flags of llama-server that mean just what ours does, by name without dashes. */
const same: Readonly<Record<string, string>> = {
  "-m": "model",
  "-a": "model_alias",
  "--alias": "model_alias",
  "-ngl": "n_gpu_layers",
  "--gpu-layers": "n_gpu_layers",
  "-mg": "main_gpu",
  "-ctk": "type_k",
  "--cache-type-k": "type_k",
  "-ctv": "type_v",
  "--cache-type-v": "type_v",
  "-b": "n_batch",
  "--batch-size": "n_batch",
  "-ub": "n_ubatch",
  "-mm": "clip_model_path",
  "--ubatch-size": "n_ubatch",
};

const slots = "use --n_slots, how many requests are answered at the same time, each with n_ctx tokens";
const context = "use --n_ctx, which is for each request here, and not for all of them together";
const repository = 'use --hf_model_repo_id OWNER/NAME --model "*Q4_K_M*.gguf"';
const always = (what: string): string => `leave it out: ${what}`;

/** Flags of llama-server, vLLM and Ollama that mean something else than ours, and what to say here. */
const others: Readonly<Record<string, string>> = {
  "-c": context,
  "--ctx-size": context,
  "--max-model-len": context,
  "-np": slots,
  "--parallel": slots,
  "--max-num-seqs": slots,
  "-hf": repository,
  "-hfr": repository,
  "--hf-repo": repository,
  "-hff": repository,
  "--hf-file": repository,
  "-t": "use --n_threads",
  "--threads": "use --n_threads",
  "-tb": "use --n_threads_batch",
  "--threads-batch": "use --n_threads_batch",
  "-fa": "use --flash_attn true, false or auto",
  "-sm": "use --split_mode",
  "-ts": "use --tensor_split 3 1, with spaces",
  "-dev": "use --gpus 0 1",
  "--device": "use --gpus 0 1",
  "-p": "use --port",
  "-md": "use --draft_model",
  "--model-draft": "use --draft_model",
  "--draft-max": "use --draft_model_num_pred_tokens",
  "--lora": "use --lora_path, or --lora_adapters for several",
  "--lora-scaled": "use --lora_adapters FILE:SCALE",
  "--slot-save-path": "use --slot_save_path",
  "-s": "use --seed",
  "-v": "use --verbose",
  "--mlock": "use --use_mlock",
  "--no-mmap": "use --use_mmap false",
  "--no-kv-offload": "use --offload_kqv false",
  "--override-kv": "use --kv_overrides",
  "--embeddings": "use --embedding",
  "--served-model-name": "use --model_alias",
  "--tensor-parallel-size": "use --gpus 0 1 --split_mode row",
  "--chat-template-file": "use --chat_template FILE",
  "--api-key-file": "use --api_key, or the environment variable API_KEY",
  "--ssl-key-file": "use --ssl_keyfile",
  "--ssl-cert-file": "use --ssl_certfile",
  "--api-prefix": "use --root_path",
  "--jinja": always("the model's own chat template is used"),
  "--metrics": always("/metrics is always there"),
  "--slots": always("/slots is always there"),
  "-cb": always("all running requests share each step"),
  "--cont-batching": always("all running requests share each step"),
  "--reranking": always("a reranker is served as one"),
  "--rerank": always("a reranker is served as one"),
};

/** What a flag of another server is here. */
export type Habit =
  /** It is this setting. */
  | { readonly kind: "same"; readonly name: string }
  /** The end of a sentence: what to say. */
  | { readonly kind: "other"; readonly advice: string };

/** Reads a flag that people bring from llama-server or vLLM; undefined: it is none, or is ours too. */
export function readHabit(flag: string, vocabulary: Vocabulary): Habit | undefined {
  if (vocabulary.has(flag.slice(2).toLowerCase().replaceAll("-", "_"))) return undefined;
  const key = flag.startsWith("--") ? flag.toLowerCase().replaceAll("_", "-") : flag;
  const name = Object.hasOwn(same, key) ? same[key] : undefined;
  if (name !== undefined && vocabulary.has(name)) return { kind: "same", name };
  const advice = Object.hasOwn(others, key) ? others[key] : undefined;
  if (advice === undefined) return undefined;
  const setting = /^use --(\w+)/.exec(advice)?.[1];
  // The REST face alone has few of the settings.
  return setting !== undefined && !vocabulary.has(setting) ? undefined : { kind: "other", advice };
}

/** What to say instead of a repository's name, which other programs take as their first word; undefined: it is none. */
export function repositoryAdvice(word: string): string | undefined {
  const [, name, tag] = /^([A-Za-z0-9][\w.-]*\/[\w.-]+?)(?::([\w.-]+))?$/.exec(word) ?? [];
  if (name === undefined) return undefined;
  return `to serve that repository, use --hf_model_repo_id ${name} --model "*${tag ?? "Q4_K_M"}*.gguf"`;
}
