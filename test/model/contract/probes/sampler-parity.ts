import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { chatGenerate, type Generate, type Probe } from "./probe.ts";

/** Values that bend what is drawn; what each does is probed at /v1/chat/completions. */
const bending: Readonly<Record<string, unknown>> = {
  temperature: 2,
  top_p: 0.2,
  top_k: 2,
  seed: 8,
  presence_penalty: 2,
  frequency_penalty: 2,
  logit_bias: { " a": 20 },
  min_p: 0.5,
  typical_p: 0.2,
  top_n_sigma: 0.5,
  repeat_penalty: 5,
  repeat_last_n: 2,
  mirostat: 2,
  mirostat_tau: 9,
  mirostat_eta: 0.9,
  dynatemp_range: 1,
  dynatemp_exponent: 3,
  xtc_probability: 1,
  xtc_threshold: 0.05,
  dry_multiplier: 5,
  dry_base: 4,
  dry_allowed_length: 1,
  dry_penalty_last_n: 8,
  dry_sequence_breakers: ["a"],
  samplers: ["temperature"],
  min_tokens: 20,
  ignore_eos: true,
  lora: [{ id: 0, scale: 4 }],
};

/** What some of them need to matter. */
const company: Readonly<Record<string, object>> = {
  repeat_last_n: { repeat_penalty: 5 },
  mirostat_tau: { mirostat: 2 },
  mirostat_eta: { mirostat: 2 },
  dynatemp_exponent: { dynatemp_range: 1 },
  xtc_threshold: { xtc_probability: 1 },
  dry_base: { dry_multiplier: 5 },
  dry_allowed_length: { dry_multiplier: 5 },
  dry_penalty_last_n: { dry_multiplier: 5 },
  dry_sequence_breakers: { dry_multiplier: 5 },
};

const withoutThinking = { chat_template_kwargs: { enable_thinking: false } };

/** Probes of every dialect's sampling: what a field does to a drawn text is what it does in chat completions. */
export function samplerParity(generate: (server: ContractServer) => Generate): Probe[] {
  return Object.entries(bending).map(([field, value]) => ({
    field,
    seen: `with ${JSON.stringify(value)} the same seed draws the text that it draws in /v1/chat/completions`,
    async run(server) {
      const fields = { temperature: 1, top_k: 0, min_p: 0, seed: 7, max_tokens: 24, ...company[field], [field]: value };
      const here = await generate(server)(fields);
      const there = await chatGenerate(server)({ ...fields, ...withoutThinking });
      expect(here.texts).toEqual(there.texts);
    },
  }));
}
