import { expect } from "vitest";
import type { Generate } from "./probe.ts";

/** A probe for every endpoint that generates. */
export interface GenerationProbe {
  readonly field: string;
  readonly seen: string;
  readonly run: (generate: Generate) => Promise<void>;
}

/** Nothing cuts the distribution: what differs then differs by the field that is probed. */
const open = { top_p: 1, top_k: 0, min_p: 0 };
const hot = { ...open, temperature: 2, n: 4, seed: 7 };
const warm = { ...open, temperature: 1, n: 4, seed: 7 };

const greedyText = async (generate: Generate, fields = {}) => (await generate({ temperature: 0, ...fields })).texts[0];
const kinds = (texts: readonly string[]) => new Set(texts).size;

/** Cuts the distribution to its likeliest token, so that the hottest draw is the greedy one. */
const cutsToGreedy = (field: string, value: unknown): GenerationProbe => ({
  field,
  seen: `at temperature 2, ${JSON.stringify(value)} gives the text of temperature 0`,
  async run(generate) {
    expect(kinds((await generate(hot)).texts)).toBe(4);
    const { texts } = await generate({ ...hot, [field]: value });
    expect(new Set(texts)).toEqual(new Set([await greedyText(generate)]));
  },
});

/** Bends the distribution: the same seed draws another text. */
const changesText = (field: string, value: unknown, other: unknown, rest: object = warm): GenerationProbe => ({
  field,
  seen: `the same seed gives other texts with ${JSON.stringify(value)} than with ${JSON.stringify(other)}`,
  async run(generate) {
    const { texts } = await generate({ ...rest, [field]: value });
    expect(texts).toEqual((await generate({ ...rest, [field]: value })).texts);
    expect(texts).not.toEqual((await generate({ ...rest, [field]: other })).texts);
  },
});

/** At temperature 0, one value leaves the text as it is and the other changes it. */
const switches = (field: string, off: unknown, on: unknown, rest: object = {}): GenerationProbe => ({
  field,
  seen: `${JSON.stringify(on)} changes the text of temperature 0, ${JSON.stringify(off)} does not`,
  async run(generate) {
    const plain = await greedyText(generate, { max_tokens: 120 });
    expect(await greedyText(generate, { max_tokens: 120, ...rest, [field]: off })).toBe(plain);
    expect(await greedyText(generate, { max_tokens: 120, ...rest, [field]: on })).not.toBe(plain);
  },
});

/** A token is forced again and again, until the DRY penalty is stronger. */
const dry = { temperature: 0, logit_bias: { " a": 100 }, max_tokens: 60, dry_multiplier: 5, dry_allowed_length: 1 };

const endsRepetition = (field: string, on: unknown, off: unknown): GenerationProbe => ({
  field,
  seen: `${JSON.stringify(on)} ends the repetition of a forced token, ${JSON.stringify(off)} does not`,
  async run(generate) {
    const endless = " a".repeat(60);
    expect((await generate({ ...dry, [field]: off })).texts).toEqual([endless]);
    expect((await generate({ ...dry, [field]: on })).texts).not.toEqual([endless]);
  },
});

const mirostat = { ...warm, mirostat: 2 };

export const samplingProbes: readonly GenerationProbe[] = [
  {
    field: "temperature",
    seen: "0 gives 4 equal choices, 2 gives 4 different ones",
    async run(generate) {
      expect(kinds((await generate({ ...hot, temperature: 0 })).texts)).toBe(1);
      expect(kinds((await generate(hot)).texts)).toBe(4);
    },
  },
  {
    field: "seed",
    seen: "the same seed gives the same text, another one another text",
    async run(generate) {
      const texts = async (seed: number) => (await generate({ ...hot, n: 1, seed })).texts;
      expect(await texts(1)).toEqual(await texts(1));
      expect(await texts(1)).not.toEqual(await texts(2));
    },
  },
  {
    field: "n",
    seen: "3 gives 3 choices, each drawn for itself, all counted in the usage",
    async run(generate) {
      const { texts, usage } = await generate({ ...hot, n: 3 });
      expect(kinds(texts)).toBe(3);
      expect(usage?.completion_tokens).toBeGreaterThan(24);
    },
  },
  cutsToGreedy("top_p", 0.01),
  cutsToGreedy("top_k", 1),
  cutsToGreedy("min_p", 1),
  cutsToGreedy("top_n_sigma", 0.01),
  changesText("typical_p", 0.1, 1),
  switches("presence_penalty", 0, 2),
  switches("frequency_penalty", 0, 2),
  switches("repeat_penalty", 1, 1.8),
  switches("repeat_last_n", 0, -1, { repeat_penalty: 1.8 }),
  {
    field: "mirostat",
    seen: "2 takes the place of top_k: 1, which alone gives 4 equal choices",
    async run(generate) {
      expect(kinds((await generate({ ...hot, top_k: 1 })).texts)).toBe(1);
      expect(kinds((await generate({ ...hot, top_k: 1, mirostat: 2 })).texts)).toBeGreaterThan(1);
    },
  },
  {
    field: "mirostat_mode",
    seen: "1 gives the text of mirostat: 1",
    async run(generate) {
      const { texts } = await generate({ ...warm, mirostat: 1 });
      expect((await generate({ ...warm, mirostat_mode: 1 })).texts).toEqual(texts);
      expect((await generate(warm)).texts).not.toEqual(texts);
    },
  },
  changesText("mirostat_tau", 0.1, 10, mirostat),
  changesText("mirostat_eta", 1, 0, { ...mirostat, mirostat_tau: 1 }),
  changesText("dynatemp_range", 1, 0),
  changesText("dynatemp_exponent", 0.2, 5, { ...warm, dynatemp_range: 1 }),
  changesText("xtc_probability", 1, 0, { ...warm, xtc_threshold: 0.05 }),
  changesText("xtc_threshold", 0.05, 0.5, { ...warm, xtc_probability: 1 }),
  endsRepetition("dry_multiplier", 5, 0),
  endsRepetition("dry_base", 2, 1),
  endsRepetition("dry_allowed_length", 1, 1_000),
  endsRepetition("dry_penalty_last_n", -1, 0),
  endsRepetition("dry_sequence_breakers", ["~"], [" a"]),
  {
    field: "samplers",
    seen: '["temperature"] leaves top_k: 1 out, which else gives 4 equal choices',
    async run(generate) {
      expect(kinds((await generate({ ...hot, top_k: 1, samplers: ["top_k", "temperature"] })).texts)).toBe(1);
      expect(kinds((await generate({ ...hot, top_k: 1, samplers: ["temperature"] })).texts)).toBe(4);
    },
  },
  {
    field: "logit_bias",
    seen: "-100, or false, on a token, by id or by text, keeps it out",
    async run(generate) {
      const plain = await greedyText(generate);
      // 281 is tiny-guide's " a".
      for (const bias of [{ " a": -100 }, { 281: -100 }, [[" a", false]], [[281, false]]]) {
        const text = await greedyText(generate, { logit_bias: bias });
        expect(plain).toMatch(/ a\b/);
        expect(text).not.toMatch(/ a\b/);
      }
    },
  },
  changesText("lora", [{ id: 0, scale: 4 }], []),
  {
    field: "logit_bias_type",
    seen: "tokens reads the key 1 as a text, which is forced, input_ids as the token of that id",
    async run(generate) {
      const bias = { logit_bias: { 1: 100 }, max_tokens: 3 };
      expect(await greedyText(generate, { ...bias, logit_bias_type: "tokens" })).toBe("111");
      expect(await greedyText(generate, { ...bias, logit_bias_type: "input_ids" })).not.toBe("111");
    },
  },
];
