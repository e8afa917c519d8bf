import { expect } from "vitest";
import { generationWithoutEffect } from "../../../../shim/llama-server/schema/completion-request.ts";
import type { ContractServer } from "../contract-server.ts";
import { limitProbes } from "./limit-probes.ts";
import type { Generate, Probe, Probed } from "./probe.ts";
import { modelWithBos } from "../probed-server.ts";
import { samplingProbes } from "./sampling-probes.ts";

interface Result {
  readonly content: string;
  readonly tokens: readonly number[];
  readonly stop_type: string;
  readonly tokens_predicted: number;
  readonly tokens_evaluated: number;
  readonly id_slot: number;
  readonly timings: { readonly cache_n: number };
  readonly completion_probabilities?: readonly { readonly top_logprobs: readonly object[] }[];
  readonly prompt_progress?: object;
}

const story = { prompt: "Once upon a time", n_predict: 24 };
const fill = { input_prefix: "1, 2,", input_suffix: " 4, 5", n_predict: 4 };

async function ask<T = Result>(server: ContractServer, path: string, body: object): Promise<T> {
  const response = await server.send(path, body);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
const statusOf = async (server: ContractServer, path: string, body: object) => (await server.send(path, body)).status;

/** The sampling probes ask in OpenAI's words; llama-server has two others. */
function completionGenerate(server: ContractServer): Generate {
  return async ({ n, max_tokens: length, ...fields }: { n?: number; max_tokens?: number }) => {
    const body = { ...story, ...fields, n_predict: length ?? story.n_predict, ...(n !== undefined && { n_cmpl: n }) };
    const results = [await ask<Result | Result[]>(server, "/completion", body)].flat();
    const [first] = results;
    return {
      texts: results.map(({ content }) => content),
      finishReasons: results.map(({ stop_type: type }) => (type === "limit" ? "length" : "stop")),
      usage: first && {
        prompt_tokens: first.tokens_evaluated,
        completion_tokens: results.reduce((sum, { tokens_predicted: count }) => sum + count, 0),
        total_tokens: 0,
        prompt_tokens_details: { cached_tokens: first.timings.cache_n },
      },
    };
  };
}

const foreign = new Set(["n", "logit_bias_type", "max_tokens", "min_tokens", "response_format"]);
const shared: Probe[] = [...samplingProbes, ...limitProbes]
  .filter(({ field }) => !foreign.has(field))
  .map((probe) => ({ ...probe, run: (server) => probe.run(completionGenerate(server)) }));

const modelProbe = (path: string, request: object): Probe => ({
  field: "model",
  seen: "the name of a configured model; another one is a 404",
  async run(server) {
    expect(await statusOf(server, path, { ...request, model: "tiny-guide" })).toBe(200);
    expect(await statusOf(server, path, { ...request, model: "nobody" })).toBe(404);
  },
});

const own: readonly Probe[] = [
  modelProbe("/completion", story),
  {
    field: "prompt",
    seen: "a text, tokens, both in turn, and several of these",
    async run(server) {
      const several = { ...story, prompt: ["Once", [12, " a"]] };
      expect(await ask<Result[]>(server, "/completion", several)).toHaveLength(2);
    },
  },
  {
    field: "stream",
    seen: "events, of which the last has the rest",
    async run(server) {
      const text = await (await server.send("/completion", { ...story, stream: true })).text();
      const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
      expect(JSON.parse(events.at(-1)?.slice(6) ?? "")).toMatchObject({ stop: true, stop_type: "limit" });
    },
  },
  lengthProbe("n_predict"),
  lengthProbe("max_tokens"),
  {
    field: "n_cmpl",
    seen: "so many results",
    run: async (server) => expect(await ask<Result[]>(server, "/completion", { ...story, n_cmpl: 3 })).toHaveLength(3),
  },
  {
    field: "n_probs",
    seen: "so many likeliest tokens beside each",
    async run(server) {
      const { completion_probabilities: tokens } = await ask(server, "/completion", { ...story, n_probs: 2 });
      expect(tokens?.[0]?.top_logprobs).toHaveLength(2);
    },
  },
  {
    field: "return_tokens",
    seen: "the tokens of the answer",
    run: async (server) =>
      expect((await ask(server, "/completion", { ...story, return_tokens: true })).tokens.length).toBeGreaterThan(3),
  },
  {
    field: "id_slot",
    seen: "the answer is made in that slot, if it is free",
    run: async (server) => expect((await ask(server, "/completion", { ...story, id_slot: 1 })).id_slot).toBe(1),
  },
  {
    field: "t_max_predict_ms",
    seen: "an answer of more than a line ends after so many ms",
    async run(server) {
      const grammar = String.raw`root ::= "a\nb" [a-z]*`;
      const request = { ...story, grammar, n_predict: 200, ignore_eos: true, t_max_predict_ms: 1 };
      expect((await ask(server, "/completion", request)).tokens_predicted).toBeLessThan(200);
    },
  },
  {
    field: "return_progress",
    seen: "events with prompt_progress before the answer",
    async run(server) {
      const request = { ...story, stream: true, return_progress: true, cache_prompt: false };
      expect(await (await server.send("/completion", request)).text()).toContain('"prompt_progress":{"total":4');
    },
  },
  {
    field: "timings_per_token",
    seen: "timings in each event",
    async run(server) {
      const request = { ...story, stream: true, timings_per_token: true };
      const events = (await (await server.send("/completion", request)).text()).split("\n\n").filter(Boolean);
      expect(events.every((event) => event.includes('"timings"'))).toBe(true);
    },
  },
  {
    field: "response_fields",
    seen: "only those",
    async run(server) {
      const result = await ask<object>(server, "/completion", { ...story, response_fields: ["content"] });
      expect(Object.keys(result)).toEqual(["content"]);
    },
  },
];

function lengthProbe(field: string): Probe {
  return {
    field,
    seen: "so many tokens; -1 sets no limit, 0 only processes the prompt",
    async run(server) {
      const ofLength = (length: number) =>
        ask(server, "/completion", { prompt: story.prompt, temperature: 0, [field]: length });
      expect(await ofLength(3)).toMatchObject({ tokens_predicted: 3, stop_type: "limit" });
      expect(await ofLength(-1)).toMatchObject({ stop_type: "eos" });
      expect(await ofLength(0)).toMatchObject({ tokens_predicted: 0, content: "" });
    },
  };
}

const grows = (field: string, value: unknown, seen: string): Probe => ({
  field,
  seen,
  async run(server) {
    const { tokens_evaluated: plain } = await ask(server, "/infill", fill);
    const { tokens_evaluated: more } = await ask(server, "/infill", { ...fill, [field]: value });
    expect(more).toBeGreaterThan(plain);
  },
});

const other = { model: modelWithBos };

const slotProbes: Probe[] = [
  {
    field: "filename",
    seen: "what is saved under it is put back from it",
    async run(server) {
      await ask(server, "/completion", { ...story, id_slot: 0 });
      const saved = await ask<{ n_saved: number }>(server, "/slots/0?action=save", { filename: "probe" });
      const restored = await ask<{ n_restored: number }>(server, "/slots/0?action=restore", { filename: "probe" });
      expect([restored.n_restored > 0, restored.n_restored]).toEqual([true, saved.n_saved]);
      expect(await statusOf(server, "/slots/0?action=restore", { filename: "nothing" })).toBe(400);
    },
  },
  {
    field: "model",
    seen: "the model whose slot it is",
    async run(server) {
      await ask(server, "/completion", { ...story, ...other, id_slot: 0 });
      await ask(server, "/slots/0?action=erase", {});
      const { n_erased } = await ask<{ n_erased: number }>(server, "/slots/0?action=erase", other);
      expect(n_erased).toBeGreaterThan(0);
    },
  },
];

const adapterProbes: Probe[] = [
  {
    field: "lora",
    seen: "the scales of requests that say none",
    async run(server) {
      const text = async () => (await ask(server, "/completion", { ...story, temperature: 0 })).content;
      const plain = await text();
      await ask(server, "/lora-adapters", { lora: [{ id: 0, scale: 4 }] });
      expect(await text()).not.toBe(plain);
      await ask(server, "/lora-adapters", { lora: [] });
      expect(await text()).toBe(plain);
    },
  },
  {
    field: "model",
    seen: "the model whose adapters they are",
    async run(server) {
      expect(await statusOf(server, "/lora-adapters", { lora: [{ id: 0, scale: 0 }] })).toBe(200);
      expect(await statusOf(server, "/lora-adapters", { lora: [{ id: 0, scale: 0 }], ...other })).toBe(400);
    },
  },
];

/** One translation serves both: what is wrong on /infill shows that it is the same field. */
const asOnCompletion: readonly Probe[] = [...shared, ...own]
  .filter(({ field }) => field !== "model" && field !== "prompt")
  .map(({ field }) => sameField(field));

function sameField(field: string): Probe {
  return {
    field,
    seen: "as on /completion; a wrong value is a 400",
    async run(server) {
      const wrong = field === "json_schema" ? 5 : { wrong: true };
      expect(await statusOf(server, "/infill", { ...fill, [field]: wrong })).toBe(400);
    },
  };
}

function contentProbe(field: string): Probe {
  return {
    field,
    seen: "a list of vectors for each text",
    async run(server) {
      expect(await ask<object[]>(server, "/embedding", { [field]: ["a", "b"] })).toHaveLength(2);
    },
  };
}

export const llamaServerProbed: Readonly<Record<string, Probed>> = {
  "/completion": { request: story, probes: [...own, ...shared], withoutEffect: generationWithoutEffect },
  "/infill": {
    request: fill,
    withoutEffect: generationWithoutEffect,
    probes: [
      modelProbe("/infill", fill),
      grows("input_prefix", "1, 2, 3, 4, 5, 6, 7, 8, 9,", "it is part of the prompt"),
      grows("input_suffix", " 14, 15, 16, 17, 18, 19, 20", "it is part of the prompt"),
      grows("input_extra", [{ filename: "a", text: "let a = 1" }], "they are part of the prompt"),
      grows("prompt", " 3,", "it stands behind the prefix"),
      ...asOnCompletion,
    ],
  },
  "/embedding": {
    request: { content: "a" },
    withoutEffect: {},
    probes: [modelProbe("/embedding", { content: "a" }), contentProbe("content"), contentProbe("input")],
  },
  "/props": { request: {}, probes: [], withoutEffect: {} },
  "/slots/{id}": { request: {}, probes: slotProbes, withoutEffect: {} },
  "/lora-adapters": { request: {}, probes: adapterProbes, withoutEffect: {} },
};

/** How the fields without an effect are sent. */
export const llamaServerFragments: Readonly<Record<string, object>> = {
  n_keep: { n_keep: 1 },
  n_discard: { n_discard: 1 },
  n_cache_reuse: { n_cache_reuse: 1 },
};
