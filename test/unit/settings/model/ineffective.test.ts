import { expect, test } from "vitest";
import { gguf, load } from "../../config/support.ts";

const warningsOf = (more: object): readonly string[] => load({ file: { models: [{ model: gguf, ...more }] } }).warnings;

test.each<[object, string[]]>([
  [
    { main_gpu: 1 },
    [
      "main_gpu has no effect: it only matters with split_mode none; the order of gpus is the order in which they get layers",
    ],
  ],
  [{ main_gpu: 1, split_mode: "none" }, []],
  [
    { split_mode: "none", tensor_split: [1, 1] },
    ["tensor_split has no effect: split_mode none leaves nothing to split"],
  ],
  [{ gpus: [], n_gpu_layers: 5 }, ["n_gpu_layers has no effect: gpus lists none"]],
  [{ gpus: [], n_gpu_layers: -1 }, []],
  [
    { rope_scaling_type: "none", rope_freq_scale: 0.5 },
    ["rope_freq_scale has no effect: rope_scaling_type none scales nothing"],
  ],
  [
    { rope_scaling_type: "yarn", yarn_attn_factor: 2 },
    ["yarn_attn_factor has no effect: llama.cpp derives it from rope_freq_scale, unless yarn_ext_factor is 0"],
  ],
  [{ rope_scaling_type: "yarn", yarn_attn_factor: 2, yarn_ext_factor: 0 }, []],
  [{ rope_scaling_type: "linear", yarn_orig_ctx: 64 }, ["yarn_orig_ctx has no effect: YaRN is off"]],
  // The defaults of the replaced server, which old configs may write out.
  [{ yarn_ext_factor: -1, yarn_attn_factor: 1, yarn_beta_fast: 32, yarn_beta_slow: 1, yarn_orig_ctx: 0 }, []],
  [{ draft_model_num_pred_tokens: 10 }, []],
  [
    { draft_model_num_pred_tokens: 3 },
    ["draft_model_num_pred_tokens has no effect: nothing drafts tokens without draft_model"],
  ],
  [
    { chat_format: "vicuna", chat_template_kwargs: { enable_thinking: true } },
    ["chat_template_kwargs has no effect: named formats have no variables; they are for templates"],
  ],
  [{ cache: false, cache_size: 1000 }, ["cache_size has no effect: cache is off"]],
  [{ cache: true, cache_dir: "/tmp/x" }, ["cache_dir has no effect: the cache is kept in ram"]],
  [{ cache: false, cache_type: "ram" }, []],
])("%j", (more, warnings) => {
  expect(warningsOf(more)).toEqual(warnings.map((warning) => `models[0].${warning}`));
});
