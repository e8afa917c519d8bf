import koffi from "koffi";

/**
 * The structs of llama.h that cross by value, as llama.cpp v0.5.0 declares them. abi-check.ts compares their sizes and
 * the defaults that the library returns before anything else is called.
 */

export const modelParamsType = koffi.struct("llama_model_params", {
  devices: "void *",
  tensor_buft_overrides: "void *",
  n_gpu_layers: "int32_t",
  split_mode: "int",
  load_mode: "int",
  lazy_mode: "int",
  main_gpu: "int32_t",
  tensor_split: "void *",
  progress_callback: "void *",
  progress_callback_user_data: "void *",
  kv_overrides: "void *",
  vocab_only: "bool",
  check_tensors: "bool",
  use_extra_bufts: "bool",
  no_host: "bool",
  no_alloc: "bool",
  load_mtp: "bool",
});

export interface ModelParams {
  devices: bigint | null;
  tensor_buft_overrides: bigint | null;
  n_gpu_layers: number;
  split_mode: number;
  load_mode: number;
  lazy_mode: number;
  main_gpu: number;
  tensor_split: bigint | null;
  progress_callback: bigint | null;
  progress_callback_user_data: bigint | null;
  kv_overrides: bigint | null;
  vocab_only: boolean;
  check_tensors: boolean;
  use_extra_bufts: boolean;
  no_host: boolean;
  no_alloc: boolean;
  load_mtp: boolean;
}

export const contextParamsType = koffi.struct("llama_context_params", {
  n_ctx: "uint32_t",
  n_batch: "uint32_t",
  n_ubatch: "uint32_t",
  n_seq_max: "uint32_t",
  n_rs_seq: "uint32_t",
  n_outputs_max: "uint32_t",
  n_outputs_max_per_seq: "uint32_t",
  n_threads: "int32_t",
  n_threads_batch: "int32_t",
  ctx_type: "int",
  rope_scaling_type: "int",
  pooling_type: "int",
  attention_type: "int",
  flash_attn_type: "int",
  rope_freq_base: "float",
  rope_freq_scale: "float",
  yarn_ext_factor: "float",
  yarn_attn_factor: "float",
  yarn_beta_fast: "float",
  yarn_beta_slow: "float",
  yarn_orig_ctx: "uint32_t",
  defrag_thold: "float",
  cb_eval: "void *",
  cb_eval_user_data: "void *",
  type_k: "int",
  type_v: "int",
  abort_callback: "void *",
  abort_callback_data: "void *",
  embeddings: "bool",
  offload_kqv: "bool",
  no_perf: "bool",
  op_offload: "bool",
  swa_full: "bool",
  kv_unified: "bool",
  samplers: "void *",
  n_samplers: "size_t",
  ctx_other: "void *",
});

export interface ContextParams {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_rs_seq: number;
  n_outputs_max: number;
  n_outputs_max_per_seq: number;
  n_threads: number;
  n_threads_batch: number;
  ctx_type: number;
  rope_scaling_type: number;
  pooling_type: number;
  attention_type: number;
  flash_attn_type: number;
  rope_freq_base: number;
  rope_freq_scale: number;
  yarn_ext_factor: number;
  yarn_attn_factor: number;
  yarn_beta_fast: number;
  yarn_beta_slow: number;
  yarn_orig_ctx: number;
  defrag_thold: number;
  cb_eval: bigint | null;
  cb_eval_user_data: bigint | null;
  type_k: number;
  type_v: number;
  abort_callback: bigint | null;
  abort_callback_data: bigint | null;
  embeddings: boolean;
  offload_kqv: boolean;
  no_perf: boolean;
  op_offload: boolean;
  swa_full: boolean;
  kv_unified: boolean;
  samplers: bigint | null;
  n_samplers: number;
  ctx_other: bigint | null;
}

export const batchType = koffi.struct("llama_batch", {
  n_tokens: "int32_t",
  token: "void *",
  embd: "void *",
  pos: "void *",
  n_seq_id: "void *",
  seq_id: "void *",
  logits: "void *",
});

export interface Batch {
  n_tokens: number;
  token: bigint | null;
  embd: bigint | null;
  pos: bigint | null;
  n_seq_id: bigint | null;
  seq_id: bigint | null;
  logits: bigint | null;
}

export const chainParamsType = koffi.struct("llama_sampler_chain_params", { no_perf: "bool" });

export const ggufInitParamsType = koffi.struct("gguf_init_params", { no_alloc: "bool", ctx: "void *" });

export const threadpoolParamsType = koffi.struct("ggml_threadpool_params", {
  cpumask: koffi.array("bool", 512),
  n_threads: "int",
  prio: "int",
  poll: "uint32_t",
  strict_cpu: "bool",
  paused: "bool",
});

/** Offsets inside ggml_threadpool_params. */
export const threadpoolPollOffset = koffi.offsetof(threadpoolParamsType, "poll");

/** Bytes of one llama_token_data {i32 id, f32 logit, f32 p} and of llama_token_data_array. */
export const tokenDataBytes = 12;
export const tokenDataArrayBytes = 32;

/** Bytes of one llama_model_kv_override {i32 tag, char key[128], union at 136}. */
export const kvOverride = { bytes: 264, keyOffset: 4, keyBytes: 128, valueOffset: 136, valueBytes: 128 } as const;
