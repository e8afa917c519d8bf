import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { RerankRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { testShim } from "./support.ts";

const answer = {
  model: "ranker",
  promptTokens: 9,
  results: [
    { index: 1, score: 0.75 },
    { index: 0, score: 0.25 },
  ],
};

test("answers documents as Jina does, and repeats them unless told otherwise", async () => {
  await using shim = await testShim({ rerank: () => answer });
  const documents = ["first", { text: "second" }];
  const response = await shim.post("/v1/rerank", { model: "ranker", query: "q", documents });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    object: "list",
    model: "ranker",
    usage: { prompt_tokens: 9, total_tokens: 9 },
    results: [
      { index: 1, relevance_score: 0.75, document: { text: "second" } },
      { index: 0, relevance_score: 0.25, document: { text: "first" } },
    ],
  });
  const bare = await shim.post("/rerank", { query: "q", documents, return_documents: false });
  expect(await bare.json()).toMatchObject({ results: [{ index: 1, relevance_score: 0.75 }, { index: 0 }] });
  expect(
    JSON.stringify(await (await shim.post("/rerank", { query: "q", documents, return_documents: false })).json()),
  ).not.toContain("second");
});

test("answers texts as Text Embeddings Inference does", async () => {
  await using shim = await testShim({ rerank: () => answer });
  const send = async (more: object) =>
    (await shim.post("/rerank", { query: "q", texts: ["first", "second"], ...more })).json();
  expect(await send({})).toEqual([
    { index: 1, score: 0.75 },
    { index: 0, score: 0.25 },
  ]);
  expect(await send({ return_text: true })).toEqual([
    { index: 1, score: 0.75, text: "second" },
    { index: 0, score: 0.25, text: "first" },
  ]);
});

test("hands on what is asked for", async () => {
  const seen: RerankRequest[] = [];
  await using shim = await testShim({
    rerank: (request) => {
      seen.push(request);
      return answer;
    },
  });
  await shim.post("/v1/rerank", { model: "m", query: "q", documents: ["a", { text: "b" }], top_n: 2 });
  await shim.post("/v1/rerank", { query: "q", texts: ["a"], raw_scores: true, truncate: false });
  expect(seen).toMatchObject([
    { model: "m", query: "q", documents: ["a", "b"], topN: 2, rawScores: false },
    { model: "", query: "q", documents: ["a"], rawScores: true },
  ]);
  expect(seen[1]?.topN).toBeUndefined();
});

test("says of a field that nothing comes of it", async () => {
  await using shim = await testShim({ rerank: () => answer });
  const body = { query: "q", texts: ["a", "b"], truncation_direction: "Right", return_texts: true };
  const warning = (await shim.post("/rerank", body)).headers.get("warning");
  expect(warning).toContain("truncation_direction");
  expect(warning).toContain("return_text");
});

test.each([
  [{ documents: ["a"] }, "query"],
  [{ query: "", documents: ["a"] }, "query"],
  [{ query: "q" }, "documents"],
  [{ query: "q", documents: [] }, "documents"],
  [{ query: "q", documents: "a" }, "documents"],
  [{ query: "q", documents: ["a", 5] }, "documents[1]"],
  [{ query: "q", documents: [{ image: "x" }] }, "documents[0].text"],
  [{ query: "q", documents: Array.from({ length: 2_049 }, () => "a") }, "documents"],
  [{ query: "q", texts: [{ text: "a" }] }, "texts[0]"],
  [{ query: "q", texts: ["a"], documents: ["a"] }, "texts"],
  [{ query: "q", documents: ["a"], top_n: 0 }, "top_n"],
  [{ query: "q", documents: ["a"], return_text: true }, "return_text"],
  [{ query: "q", texts: ["a"], return_documents: true }, "return_documents"],
  [{ query: "q", texts: ["a"], truncate: true }, "truncate"],
])("refuses bad input (%#)", async (body, param) => {
  await using shim = await testShim({ rerank: () => answer });
  const response = await shim.post("/v1/rerank", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
});

test("names the refused document as the request has it", async () => {
  await using shim = await testShim({
    rerank: () => {
      throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, "too long", { param: "documents[1]" });
    },
  });
  const paramOf = async (body: object) => {
    const response = await shim.post("/v1/rerank", { query: "q", ...body });
    expect(response.status).toBe(400);
    return ((await response.json()) as { error: { param: string } }).error.param;
  };
  expect(await paramOf({ documents: ["a", "b"] })).toBe("documents[1]");
  expect(await paramOf({ texts: ["a", "b"] })).toBe("texts[1]");
});
