import koffi from "koffi";
import type { LlamaApi } from "../api.ts";
import * as structs from "../structs.ts";

/** The llama.cpp release that structs.ts describes. */
const release = /^0\.5\.0(-dev)?$/;

const sizes: readonly (readonly [string, number, number])[] = [
  ["llama_model_params", koffi.sizeof(structs.modelParamsType), 80],
  ["llama_context_params", koffi.sizeof(structs.contextParamsType), 160],
  ["llama_batch", koffi.sizeof(structs.batchType), 56],
  ["ggml_threadpool_params", koffi.sizeof(structs.threadpoolParamsType), 528],
  ["gguf_init_params", koffi.sizeof(structs.ggufInitParamsType), 16],
  ["llama_sampler_chain_params", koffi.sizeof(structs.chainParamsType), 1],
];

const modelDefaults = { n_gpu_layers: -1, split_mode: 1, load_mode: -1, lazy_mode: 1, use_extra_bufts: true };
const contextDefaults = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_outputs_max_per_seq: 1,
  n_threads: 4,
  n_threads_batch: 4,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  yarn_ext_factor: -1,
  yarn_attn_factor: -1,
  yarn_beta_fast: -1,
  yarn_beta_slow: -1,
  defrag_thold: -1,
  type_k: 1,
  type_v: 1,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
};

/**
 * Makes sure that the loaded library is the one our structs describe, before anything else is called: a wrong layout
 * would end the process without a word, or worse, not end it. Throws with what differs.
 */
export function checkAbi(llama: LlamaApi): void {
  const differences: string[] = [];
  const version = llama.version();
  // A later release may return larger structs, which would overrun koffi's buffer: stop before the first such call.
  if (!release.test(version)) throw mismatch([`llama.cpp ${version} is loaded, 0.5.0 is expected`]);
  for (const [name, actual, expected] of sizes)
    if (actual !== expected) differences.push(`${name} has ${actual} bytes, ${expected} are expected`);
  if (differences.length > 0) throw mismatch(differences);
  differences.push(
    ...compareDefaults("llama_model_params", llama.modelDefaultParams(), modelDefaults),
    ...compareDefaults("llama_context_params", llama.contextDefaultParams(), contextDefaults),
  );
  if (differences.length > 0) throw mismatch(differences);
}

/** What is not listed in `expected` must be 0, false or null. */
function compareDefaults(
  struct: string,
  actual: object,
  expected: Readonly<Record<string, number | boolean>>,
): string[] {
  return Object.entries(actual).flatMap(([field, value]: [string, unknown]) => {
    const wanted = expected[field] ?? 0;
    const equal = wanted === 0 ? !value : value === wanted;
    return equal ? [] : [`${struct}.${field} is ${String(value)} by default, ${String(wanted)} is expected`];
  });
}

function mismatch(differences: readonly string[]): Error {
  return new Error(
    `the native libraries do not fit this release of Tokenwire: ${differences.join("; ")}. ` +
      `Reinstall: node-llama-cpp must have the exact version that this release names.`,
  );
}
