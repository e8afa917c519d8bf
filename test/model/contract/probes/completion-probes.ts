import { expect } from "vitest";
import { completionsPath } from "../contract-server.ts";
import { modelWithBos } from "../probed-server.ts";
import type { Probe } from "./probe.ts";

const prompt = "Once upon a time";

/** Fields of POST /v1/completions alone. */
export const completionProbes: readonly Probe[] = [
  {
    field: "prompt",
    seen: "a text, texts, tokens and lists of tokens are each continued; without one the model begins by itself",
    async run(server) {
      const { tokens } = (await (await server.send("/tokenize", { content: prompt })).json()) as { tokens: number[] };
      const request = { temperature: 0, max_tokens: 4 };
      const { choices } = await server.complete({ ...request, prompt: [prompt, "The capital of France is"] });
      expect(choices.map(({ text }) => text)).toEqual([" there was a little", " Paris. The Pa"]);
      for (const asTokens of [tokens, [tokens]]) {
        const { choices: same } = await server.complete({ ...request, prompt: asTokens });
        expect(same[0]?.text).toBe(" there was a little");
      }
    },
  },
  {
    field: "suffix",
    seen: "both texts are prompt tokens, with the model's fill-in-the-middle tokens between them",
    async run(server) {
      const request = { prompt: "a = [1, ", temperature: 0, max_tokens: 4 };
      const plain = await server.complete(request);
      const filled = await server.complete({ ...request, suffix: ", 3]" });
      expect(filled.usage?.prompt_tokens).toBeGreaterThan((plain.usage?.prompt_tokens ?? 0) + 3);
      expect(filled.choices[0]?.text).not.toBe(plain.choices[0]?.text);
    },
  },
  {
    field: "echo",
    seen: "the text begins with the prompt; with logprobs those of the prompt are there, with max_tokens: 0 they alone",
    async run(server) {
      const { choices } = await server.complete({ prompt, echo: true, max_tokens: 0, logprobs: 1 });
      expect(choices[0]).toMatchObject({ text: prompt, logprobs: { tokens: ["Once", " upon", " a", " time"] } });
      // A BOS that the tokenizer adds has a place among the tokens, and none in the text.
      const bos = await server.complete({ prompt, echo: true, max_tokens: 0, logprobs: 1, model: modelWithBos });
      const logprobs = { tokens: ["", "Once", " upon", " a", " time"], text_offset: [0, 0, 4, 9, 11] };
      expect(bos.choices[0]).toMatchObject({ text: prompt, logprobs });
      expect(await server.refusal(completionsPath, { prompt, suffix: "a", echo: true, logprobs: 1 })).toMatchObject({
        param: "echo",
      });
    },
  },
  logprobsProbe("logprobs"),
  logprobsProbe("n_probs"),
  {
    field: "best_of",
    seen: "the likeliest of so many choices, all counted in the usage; refused with stream, or below n",
    async run(server) {
      const request = { prompt, max_tokens: 8, seed: 3, temperature: 1.5, logprobs: 0 };
      const mean = (logprobs: readonly number[] = []) => logprobs.reduce((sum, it) => sum + it, 0) / logprobs.length;
      const all = (await server.complete({ ...request, n: 6 })).choices;
      const { choices, usage } = await server.complete({ ...request, best_of: 6, n: 2 });
      const means = all.map(({ logprobs }) => mean(logprobs?.token_logprobs)).toSorted((a, b) => b - a);
      expect(choices.map(({ logprobs }) => mean(logprobs?.token_logprobs))).toEqual(means.slice(0, 2));
      expect(usage?.completion_tokens).toBeGreaterThan(40);
      for (const wrong of [{ best_of: 2, stream: true }, { best_of: 1, n: 2 }, { best_of: 100 }]) {
        expect(await server.refusal(completionsPath, { prompt, ...wrong })).toMatchObject({ param: "best_of" });
      }
    },
  },
];

function logprobsProbe(field: string): Probe {
  return {
    field,
    seen: "the tokens, their log-probabilities, so many likeliest ones and their places in the text",
    async run(server) {
      const { choices } = await server.complete({ prompt, temperature: 0, max_tokens: 3, [field]: 2 });
      expect(choices[0]?.logprobs).toMatchObject({ tokens: [" there", " was", " a"], text_offset: [16, 22, 26] });
      expect(Object.keys(choices[0]?.logprobs?.top_logprobs?.[0] ?? {})).toHaveLength(2);
    },
  };
}
