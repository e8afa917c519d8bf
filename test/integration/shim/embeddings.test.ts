import { expect, test } from "vitest";
import { type EmbedRequest, Pooling } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { testShim } from "./support.ts";

const vectors = [
  [0.25, -1.5, 3.0000001],
  [0, 1, 2],
];
const answer = { model: "tiny", promptTokens: 5, embeddings: vectors.map((values) => ({ values })) };

test("gives the SDK the same numbers in base64 as in JSON", async () => {
  await using shim = await testShim({ embed: () => answer });
  const byDefault = await shim.openai.embeddings.create({ model: "tiny", input: ["a", "b"] });
  const asFloats = await shim.openai.embeddings.create({ model: "tiny", input: ["a", "b"], encoding_format: "float" });
  expect(byDefault).toEqual(asFloats);
  expect(byDefault).toEqual({
    object: "list",
    model: "tiny",
    data: vectors.map((values, index) => ({ object: "embedding", index, embedding: values.map(Math.fround) })),
    usage: { prompt_tokens: 5, total_tokens: 5 },
  });
  const raw = await shim.post("/v1/embeddings", { input: "a", encoding_format: "base64" });
  const { data } = (await raw.json()) as { data: { embedding: string }[] };
  const bytes = Buffer.from(data[0]?.embedding ?? "", "base64");
  expect([0, 4, 8].map((offset) => bytes.readFloatLE(offset))).toEqual(vectors[0]?.map(Math.fround));
});

test("hands on inputs, dimensions and pooling", async () => {
  const seen: EmbedRequest[] = [];
  await using shim = await testShim({
    embed: (request) => {
      seen.push(request);
      return answer;
    },
  });
  const send = async (body: object) => {
    expect((await shim.post("/v1/embeddings", body)).status).toBe(200);
    return seen.at(-1);
  };
  expect(await send({ input: "a" })).toMatchObject({ model: "", inputs: [{ kind: { case: "text", value: "a" } }] });
  expect((await send({ input: "a" }))?.normalize).toBeUndefined();
  expect((await send({ input: [[1, 2], [3]] }))?.inputs).toMatchObject([
    { kind: { value: { tokens: [1, 2] } } },
    { kind: { value: { tokens: [3] } } },
  ]);
  expect(await send({ input: [7, 8], dimensions: 2, pooling: "last", embd_normalize: -1 })).toMatchObject({
    inputs: [{ kind: { value: { tokens: [7, 8] } } }],
    dimensions: 2,
    pooling: Pooling.LAST,
    normalize: false,
  });
});

test("answers with a vector for each token when there is no pooling", async () => {
  const tokens = [{ values: [1, 0] }, { values: [0, 1] }];
  await using shim = await testShim({
    embed: ({ pooling }) => {
      expect(pooling).toBe(Pooling.NONE);
      return { model: "tiny", promptTokens: 2, embeddings: [{ tokens }] };
    },
  });
  const response = await shim.post("/v1/embeddings", { input: "a b", pooling: "none" });
  expect(await response.json()).toMatchObject({ data: [{ index: 0, embedding: tokens.map(({ values }) => values) }] });
});

test.each([
  [{ input: "" }, "input"],
  [{ input: ["a", ""] }, "input[1]"],
  [{ input: [] }, "input"],
  [{ input: [[]] }, "input[0]"],
  [{ input: 5 }, "input"],
  [{}, "input"],
  [{ input: [1, "a"] }, "input[1]"],
  [{ input: Array.from({ length: 2_049 }, () => "a") }, "input"],
  [{ input: "a", dimensions: 0 }, "dimensions"],
  [{ input: "a", encoding_format: "int8" }, "encoding_format"],
  [{ input: "a", pooling: "max" }, "pooling"],
  [{ input: "a", pooling: "none", encoding_format: "base64" }, "encoding_format"],
  [{ input: "a", embd_normalize: 1 }, "embd_normalize"],
])("refuses bad input (%#)", async (body, param) => {
  await using shim = await testShim({ embed: () => answer });
  const response = await shim.post("/v1/embeddings", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
});
