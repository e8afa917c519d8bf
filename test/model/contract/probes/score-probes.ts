import { expect } from "vitest";
import { scoreWithoutEffect } from "../../../../shim/vllm/schema.ts";
import type { ContractServer } from "../contract-server.ts";
import { reranker } from "../probed-server.ts";
import type { Probe, Probed } from "./probe.ts";

const pair = { model: reranker, text_1: "a cat", text_2: ["a dog", "a cat"] };
const cohere = { model: reranker, query: "a cat", documents: ["a dog", "a cat", "cats"] };
const long = "word ".repeat(9_000);

async function ask<T>(server: ContractServer, path: string, body: object): Promise<T> {
  const response = await server.send(path, body);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
const statusOf = async (server: ContractServer, path: string, body: object) => (await server.send(path, body)).status;
const scoresOf = async (server: ContractServer, body: object) =>
  (await ask<{ data: { score: number }[] }>(server, "/v1/score", body)).data.map(({ score }) => score);
const rank = async (server: ContractServer, more: object) =>
  (
    await ask<{ results: { index: number; relevance_score: number; document?: object }[] }>(server, "/v2/rerank", {
      ...cohere,
      ...more,
    })
  ).results;

const modelProbe = (path: string, request: object): Probe => ({
  field: "model",
  seen: "the name of a configured model; another one is a 404",
  run: async (server) => expect(await statusOf(server, path, { ...request, model: "nobody" })).toBe(404),
});

/** Another name for one side of the pairs. */
const sameAs = (field: string, other: "text_1" | "text_2"): Probe => ({
  field,
  seen: `another name for ${other}`,
  async run(server) {
    const { [other]: value, ...rest } = pair;
    const [score = -1] = await scoresOf(server, { ...rest, [field]: value });
    expect(score).toBeCloseTo((await scoresOf(server, pair))[0] ?? -2, 4);
  },
});

const cuts = (path: string, request: object, field: string, shortened: object): Probe => ({
  field,
  seen: "what is too long is cut instead of refused",
  async run(server) {
    expect(await statusOf(server, path, { ...request, ...shortened })).toBe(400);
    expect(await statusOf(server, path, { ...request, ...shortened, [field]: 20 })).toBe(200);
  },
});

/** The endpoints of vLLM and of Text Embeddings Inference. */
export const scoreProbed: Readonly<Record<string, Probed>> = {
  "/v1/score": {
    request: pair,
    withoutEffect: scoreWithoutEffect,
    probes: [
      modelProbe("/v1/score", pair),
      {
        field: "text_1",
        seen: "one text for all others, or as many; by a reranker its scores, by other models the cosine",
        async run(server) {
          const one = await scoresOf(server, pair);
          const pairs = await scoresOf(server, { ...pair, text_1: ["a cat", "a cat"] });
          // Computed in other batches, they differ in their last digits.
          for (const [index, value] of pairs.entries()) expect(value).toBeCloseTo(one[index] ?? -1, 4);
          const [same = 0, other = 0] = await scoresOf(server, { text_1: "Hello!", text_2: ["Hello!", "Bye"] });
          expect(same).toBeCloseTo(1, 4);
          expect(other).toBeLessThan(same);
          expect(await statusOf(server, "/v1/score", { ...pair, text_1: ["a", "b", "c"] })).toBe(400);
        },
      },
      {
        field: "text_2",
        seen: "a score for each",
        run: async (server) => expect(await scoresOf(server, pair)).toHaveLength(2),
      },
      sameAs("queries", "text_1"),
      sameAs("documents", "text_2"),
      sameAs("items", "text_2"),
      cuts("/v1/score", pair, "truncate_prompt_tokens", { text_2: [long] }),
    ],
  },
  "/v2/rerank": {
    request: cohere,
    withoutEffect: scoreWithoutEffect,
    probes: [
      modelProbe("/v2/rerank", cohere),
      {
        field: "query",
        seen: "the documents are ranked by how well they answer it",
        async run(server) {
          const scores = (await rank(server, {})).map(({ relevance_score: score }) => score);
          expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        },
      },
      {
        field: "documents",
        seen: "each is ranked",
        run: async (server) => expect(await rank(server, {})).toHaveLength(3),
      },
      {
        field: "top_n",
        seen: "so many",
        run: async (server) => expect(await rank(server, { top_n: 2 })).toHaveLength(2),
      },
      {
        field: "return_documents",
        seen: "true repeats them",
        async run(server) {
          expect((await rank(server, { return_documents: true }))[0]?.document).toBeDefined();
          expect((await rank(server, {}))[0]?.document).toBeUndefined();
        },
      },
      cuts("/v2/rerank", cohere, "max_tokens_per_doc", { documents: [long] }),
      cuts("/v2/rerank", cohere, "truncate_prompt_tokens", { documents: [long] }),
    ],
  },
  "/ping": { request: {}, probes: [], withoutEffect: {} },
  "/embed": {
    request: { inputs: "a" },
    withoutEffect: {},
    probes: [
      modelProbe("/embed", { inputs: "a" }),
      {
        field: "inputs",
        seen: "a vector for each text or list of tokens, and nothing around them",
        async run(server) {
          const vectors = await ask<number[][]>(server, "/embed", { inputs: ["a", [12, 13]] });
          expect(vectors).toHaveLength(2);
          expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 4);
          expect(await ask<number[][]>(server, "/embed", { inputs: [12, 13] })).toEqual([vectors[1]]);
        },
      },
      {
        field: "truncate",
        seen: "true: a text that is too long is cut",
        async run(server) {
          expect(await statusOf(server, "/embed", { model: reranker, inputs: long })).toBe(400);
          expect(await statusOf(server, "/embed", { inputs: long, truncate: true })).toBe(200);
        },
      },
      {
        field: "truncation_direction",
        seen: "the side that is cut",
        async run(server) {
          expect(await statusOf(server, "/embed", { inputs: "a", truncation_direction: "Middle" })).toBe(400);
          expect(await statusOf(server, "/embed", { inputs: "a", truncation_direction: "Left" })).toBe(200);
        },
      },
      {
        field: "normalize",
        seen: "false: as the model says them",
        async run(server) {
          const [vector = []] = await ask<number[][]>(server, "/embed", { inputs: "a", normalize: false });
          expect(Math.hypot(...vector)).not.toBeCloseTo(1, 2);
        },
      },
      {
        field: "dimensions",
        seen: "so many numbers",
        run: async (server) =>
          expect((await ask<number[][]>(server, "/embed", { inputs: "a", dimensions: 7 }))[0]).toHaveLength(7),
      },
    ],
  },
};
