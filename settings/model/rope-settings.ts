import { z } from "zod";
import { named, namesOf, whole } from "../kinds.ts";
import { honoured } from "../setting.ts";

const ropeScalingTypes = { unspecified: -1, none: 0, linear: 1, yarn: 2, longrope: 3 };
/** llama.cpp reads a negative value as: what the model says. */
const yarn = () => z.number().default(-1);

/** How positions are encoded, to stretch a context beyond the trained one. The defaults are what the model says. */
export const ropeSettings = {
  rope_scaling_type: honoured(
    `How positions are scaled: ${namesOf(ropeScalingTypes)}.`,
    named(ropeScalingTypes).prefault("unspecified"),
    { expects: `one of ${namesOf(ropeScalingTypes)}`, replaced: { was: -1 } },
  ),
  rope_freq_base: honoured("Base frequency of RoPE; 0: the model's.", z.number().min(0).default(0), {
    replaced: { was: 0 },
  }),
  rope_freq_scale: honoured(
    "Factor of RoPE's frequencies: 0.5 doubles the context; 0: the model's.",
    z.number().min(0).default(0),
    { replaced: { was: 0 } },
  ),
  yarn_ext_factor: honoured("YaRN: mix of interpolation (0) and extrapolation (1); negative: the model's.", yarn(), {
    replaced: { was: -1 },
  }),
  yarn_attn_factor: honoured(
    "YaRN: factor of the attention's magnitude where yarn_ext_factor is 0; negative: the model's.",
    yarn(),
    {
      replaced: { was: 1 },
    },
  ),
  yarn_beta_fast: honoured("YaRN: low correction dimension; negative: the model's.", yarn(), {
    replaced: { was: 32 },
  }),
  yarn_beta_slow: honoured("YaRN: high correction dimension; negative: the model's.", yarn(), {
    replaced: { was: 1 },
  }),
  yarn_orig_ctx: honoured("YaRN: the context the model was trained with; 0: the model's.", whole(0).default(0), {
    replaced: { was: 0 },
  }),
};
