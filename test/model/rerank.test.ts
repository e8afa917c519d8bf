import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pooling } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { bertLength, writeBert, writeQwen } from "../support/write-rerankers.ts";

const qwenLength = 512;
/** Less than the longest document's tokens, which so go through in several batches. */
const batch = 64;

let folder: string;
let tokenwire: Tokenwire;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tw-rerank-"));
  const path = (name: string) => join(folder, `${name}.gguf`);
  writeBert(path("bert"));
  writeBert(path("headless"), { head: false });
  writeBert(path("classifier"), { labels: ["good", "bad", "neither"] });
  writeQwen(path("qwen"), qwenLength);
  const models = [
    ...["bert", "headless", "classifier"].map((name) => ({ model: path(name), model_alias: name })),
    { model: path("qwen"), model_alias: "qwen", n_ctx: qwenLength, n_slots: 1, n_batch: batch, n_ubatch: batch },
    { model: path("qwen"), model_alias: "wide", n_ctx: qwenLength, n_slots: 1 },
    { model: tinyGuidePath, model_alias: "guide", n_ctx: 256, n_slots: 1 },
  ];
  writeFileSync(join(folder, "config.json"), JSON.stringify({ models }));
  tokenwire = await startTokenwire({ args: ["--config_file", join(folder, "config.json")] });
});
afterAll(async () => {
  await tokenwire[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Ranked {
  readonly index: number;
  readonly score: number;
}

const query = "do cats eat fish?";
const documents = ["cats eat fish, and dogs eat cats", "the dog is big.", "what?", "", "a cat", "fish 42"];

async function post(path: string, body: object): Promise<Response> {
  return fetch(tokenwire.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** In the order of the documents. */
async function scores(model: string, texts: readonly string[], more: object = {}): Promise<number[]> {
  const ranked = (await (await post("/rerank", { model, query, texts, ...more })).json()) as Ranked[];
  return texts.map((_, index) => ranked.find((one) => one.index === index)?.score ?? NaN);
}

async function refusal(path: string, body: object) {
  const response = await post(path, body);
  expect(response.status).toBe(400);
  return ((await response.json()) as { error: { message: string; param: string; code: string | null } }).error;
}

/** The digits behind the second depend on the CPU's kernels, and on what is in the same batch. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, score] of found.entries()) expect(score).toBeCloseTo(expected[index] ?? NaN, 2);
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

describe.each(["bert", "qwen"])("%s", (model) => {
  test("puts the best first, and says how good each is from 0 to 1", async () => {
    const response = await post("/v1/rerank", { model, query, documents, return_documents: false });
    const { results, usage } = (await response.json()) as {
      results: { index: number; relevance_score: number }[];
      usage: { prompt_tokens: number };
    };
    const found = results.map(({ relevance_score: score }) => score);
    expect(found).toEqual([...found].sort((a, b) => b - a));
    expect(new Set(found).size).toBe(documents.length);
    for (const score of found) expect(score > 0 && score < 1).toBe(true);
    expect(new Set(results.map(({ index }) => index))).toEqual(new Set(documents.keys()));
    // One token a letter, and those around the texts.
    const letters = (text: string) => (model === "bert" ? text.replaceAll(" ", "") : text).length;
    const around = 3;
    expect(usage.prompt_tokens).toBe(
      documents.reduce((sum, document) => sum + letters(query) + letters(document) + around, 0),
    );
  });

  test("gives a document the score that it has alone", async () => {
    const together = await scores(model, documents);
    for (const [index, document] of documents.entries()) {
      expect((await scores(model, [document]))[0]).toBeCloseTo(together[index] ?? NaN, 2);
    }
    expect(await scores(model, documents)).toEqual(together);
  });

  test("answers with the top_n best", async () => {
    const all = await scores(model, documents);
    const { results } = await tokenwire.client.inference.rerank({ model, query, documents, topN: 2 });
    const best = [...all].sort((a, b) => b - a).slice(0, 2);
    expectClose(
      results.map(({ score }) => score),
      best,
    );
  });

  test("ranks many documents at once", async () => {
    const many = Array.from({ length: 300 }, (_, index) => `fish ${index}`);
    const found = await scores(model, many);
    expect(found.every((score) => score > 0 && score < 1)).toBe(true);
    expect((await scores(model, [many[299] ?? ""]))[0]).toBeCloseTo(found[299] ?? NaN, 2);
  });
});

test("raw scores are the head's logits, whose logistic function the others are", async () => {
  const raw = await scores("bert", documents, { raw_scores: true });
  expectClose(await scores("bert", documents), raw.map(logistic));
});

test("a head that says probabilities is not made to say others", async () => {
  const raw = await scores("qwen", documents, { raw_scores: true });
  expectClose(await scores("qwen", documents), raw);
});

test("query and document are two texts: what is in which makes a difference", async () => {
  const { results: there } = await tokenwire.client.inference.rerank({
    model: "bert",
    query: "a cat",
    documents: ["fish"],
  });
  const { results: back } = await tokenwire.client.inference.rerank({
    model: "bert",
    query: "a",
    documents: ["cat fish"],
  });
  expect(there[0]?.score).not.toBeCloseTo(back[0]?.score ?? 0, 4);
});

describe("a document", () => {
  test("longer than a batch goes through in several, where the model allows it", async () => {
    const long = ["fish, ".repeat(60), "a cat", "dogs. ".repeat(40)];
    const wide = await scores("wide", long);
    expectClose(await scores("qwen", long), wide);
  });

  test("that has a place for a document in it stays as it is", async () => {
    const [plain, tricky] = await scores("qwen", ["{query}", "do cats eat fish?"]);
    expect(plain).not.toBeCloseTo(tricky ?? NaN, 6);
  });

  test("that does not fit with the query is refused with its place", async () => {
    const texts = ["a cat", "fish".repeat(20)];
    expect(await refusal("/rerank", { model: "bert", query, texts })).toMatchObject({
      param: "texts[1]",
      code: "context_length_exceeded",
      message: expect.stringContaining(`${bertLength} tokens`),
    });
    expect(await refusal("/v1/rerank", { model: "qwen", query, documents: ["fish".repeat(200)] })).toMatchObject({
      param: "documents[0]",
      code: "context_length_exceeded",
    });
  });
});

test.each(["headless", "classifier", "guide"])("%s, which is no reranker, says what is needed", async (model) => {
  const error = await refusal("/v1/rerank", { model, query, documents });
  expect(error).toMatchObject({ param: "model", message: expect.stringContaining("classification head") });
});

test("a model says whether it ranks, and how it pools", async () => {
  const detailsOf = async (id: string) => (await tokenwire.client.models.getModel({ id })).model?.details;
  expect(await detailsOf("bert")).toMatchObject({ reranks: true, pooling: Pooling.UNSPECIFIED, generates: false });
  expect(await detailsOf("qwen")).toMatchObject({ reranks: true, pooling: Pooling.UNSPECIFIED });
  expect(await detailsOf("headless")).toMatchObject({ reranks: false, pooling: Pooling.MEAN, generates: false });
  expect(await detailsOf("guide")).toMatchObject({ reranks: false, pooling: Pooling.MEAN, generates: true });
});

test("a reranker's vectors must be asked for with a pooling", async () => {
  const body = { model: "bert", input: "a cat" };
  expect(await refusal("/v1/embeddings", body)).toMatchObject({ param: "pooling" });
  expect((await post("/v1/embeddings", { ...body, pooling: "cls" })).status).toBe(200);
});

test("a model without memory does not chat, and says so", async () => {
  const messages = [{ role: "user", content: "a cat" }];
  expect(await refusal("/v1/chat/completions", { model: "bert", messages })).toMatchObject({
    param: "model",
    message: expect.stringContaining("cannot generate"),
  });
});
