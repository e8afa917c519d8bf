import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { reranker } from "../probed-server.ts";
import { modelProbe } from "./delivery-probes.ts";
import type { Probe } from "./probe.ts";

const path = "/v1/rerank";
const jina = { model: reranker, query: "a cat", documents: ["a dog", "a cat", "cats"] };
const tei = { model: reranker, query: "a cat", texts: jina.documents };

interface Ranked {
  readonly index: number;
  readonly relevance_score: number;
  readonly document?: { readonly text: string };
}
type RankedText = { readonly index: number; readonly score: number; readonly text?: string };

const ask = async <T>(server: ContractServer, fields: object): Promise<T> => {
  const response = await server.send(path, fields);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};
const rank = async (server: ContractServer, fields: object) =>
  (await ask<{ results: Ranked[] }>(server, { ...jina, ...fields })).results;
const rankTexts = (server: ContractServer, fields: object) => ask<RankedText[]>(server, { ...tei, ...fields });

/** Fields of POST /v1/rerank. */
export const rerankProbes: readonly Probe[] = [
  modelProbe(path, jina, reranker),
  {
    field: "query",
    seen: "another query gives other scores",
    async run(server) {
      const scores = async (query: string) => (await rank(server, { query })).map((it) => it.relevance_score);
      expect(await scores("a cat")).not.toEqual(await scores("the weather in paris"));
    },
  },
  {
    field: "documents",
    seen: "texts, or objects with one, come ranked in Jina's shape, the best first",
    async run(server) {
      const ranked = await rank(server, {});
      expect(ranked.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
      const scores = ranked.map((it) => it.relevance_score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(await rank(server, { documents: jina.documents.map((text) => ({ text })) })).toEqual(ranked);
    },
  },
  {
    field: "texts",
    seen: "the same ranks in the shape of Text Embeddings Inference",
    async run(server) {
      const indexes = (await rank(server, {})).map(({ index }) => index);
      expect((await rankTexts(server, {})).map(({ index }) => index)).toEqual(indexes);
    },
  },
  {
    field: "top_n",
    seen: "only the best so many",
    run: async (server) => expect(await rank(server, { top_n: 2 })).toEqual((await rank(server, {})).slice(0, 2)),
  },
  {
    field: "return_documents",
    seen: "false leaves the texts out",
    async run(server) {
      expect((await rank(server, {}))[0]?.document?.text).toBeDefined();
      expect((await rank(server, { return_documents: false }))[0]?.document).toBeUndefined();
    },
  },
  {
    field: "return_text",
    seen: "true puts the texts in",
    async run(server) {
      expect((await rankTexts(server, {}))[0]?.text).toBeUndefined();
      expect((await rankTexts(server, { return_text: true }))[0]?.text).toBeDefined();
    },
  },
  {
    field: "raw_scores",
    seen: "the scores are the model's own, not brought between 0 and 1",
    async run(server) {
      const [score = 0] = (await rankTexts(server, {})).map((it) => it.score);
      const [raw = 0] = (await rankTexts(server, { raw_scores: true })).map((it) => it.score);
      expect(1 / (1 + Math.exp(-raw))).toBeCloseTo(score, 4);
      expect(raw).not.toBeCloseTo(score, 4);
    },
  },
];
