import type { ModelSettings } from "../../../../settings/settings.ts";
import type { ContextParams } from "../native/structs.ts";

const flashAttention = { auto: -1, off: 0, on: 1 } as const;

/**
 * llama.cpp's parameters for the context that generates, with `slots` sequences.
 *
 * @param rows how many tokens of one sequence a step may sample from
 */
export function contextParams(
  settings: ModelSettings,
  { slots, sequenceLength, rows }: { slots: number; sequenceLength: number; rows: number },
): Partial<ContextParams> {
  const batch = Math.max(settings.n_batch, slots * rows);
  return {
    ...commonParams(settings),
    n_ctx: settings.kv_unified ? sequenceLength : sequenceLength * slots,
    n_batch: batch,
    n_ubatch: Math.min(settings.n_ubatch, batch),
    n_seq_max: slots,
    // 0 would reserve logits for every token of a batch.
    n_outputs_max: slots * rows,
    n_outputs_max_per_seq: rows,
    kv_unified: settings.kv_unified,
    embeddings: false,
  };
}

/** What a model's contexts share: how positions are encoded, and how attention is computed and kept. */
export function commonParams(settings: ModelSettings): Partial<ContextParams> {
  const { flash_attn: flash } = settings;
  return {
    rope_scaling_type: settings.rope_scaling_type,
    rope_freq_base: settings.rope_freq_base,
    rope_freq_scale: settings.rope_freq_scale,
    yarn_ext_factor: settings.yarn_ext_factor,
    yarn_attn_factor: settings.yarn_attn_factor,
    yarn_beta_fast: settings.yarn_beta_fast,
    yarn_beta_slow: settings.yarn_beta_slow,
    yarn_orig_ctx: settings.yarn_orig_ctx,
    flash_attn_type: flash === "auto" ? flashAttention.auto : flash ? flashAttention.on : flashAttention.off,
    offload_kqv: settings.offload_kqv,
    ...(settings.type_k === undefined ? {} : { type_k: settings.type_k }),
    ...(settings.type_v === undefined ? {} : { type_v: settings.type_v }),
  };
}
