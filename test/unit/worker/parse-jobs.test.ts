import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ErrorReason } from "../../../clients/errors.ts";
import { ChatRequestSchema, Role, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import {
  type GenerationOptionsSchema,
  type TruncationSchema,
  TruncationSide,
} from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import {
  CompleteRequestSchema,
  EmbedRequestSchema,
  Pooling,
  RerankRequestSchema,
} from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { modelSettingsSchema } from "../../../settings/settings.ts";
import type { RankingInfo } from "../../../services/engine/engine.ts";
import { parseChatJob } from "../../../services/worker/jobs/parse-chat-job.ts";
import { parseCompleteJob } from "../../../services/worker/jobs/parse-complete-job.ts";
import { parseEmbedJob } from "../../../services/worker/jobs/parse-embed-job.ts";
import { parseRerankJob } from "../../../services/worker/jobs/parse-rerank-job.ts";
import { createLoadedModel } from "../../../services/worker/loaded-model.ts";
import { FakeEngine, type FakeEngineOptions } from "../../support/fake-engine.ts";

const { signal } = new AbortController();

type Options = MessageInitShape<typeof GenerationOptionsSchema>;

function model(options: FakeEngineOptions = {}, settings: object = {}) {
  return createLoadedModel(
    modelSettingsSchema.parse({ model: "m", model_alias: "m", ...settings }),
    new FakeEngine(options),
  );
}

function message(text: string, role: Role = Role.USER) {
  return { role, content: [{ part: { case: "text" as const, value: text } }] };
}

function chatJob(request: MessageInitShape<typeof ChatRequestSchema>, of = model()) {
  return parseChatJob(create(ChatRequestSchema, { messages: [message("hi")], ...request }), of, { signal });
}

test.each([
  ["image", undefined, "which has no projector"],
  ["audio", undefined, "which has no projector"],
  ["audio", { vision: true, audio: false }, "takes no sounds"],
  ["image", { vision: false, audio: true }, "takes no pictures"],
] as const)("refuses %s for a model with the projector %j", async (kind, media, why) => {
  const part = { part: { case: kind, value: { source: { case: "data" as const, value: Uint8Array.of(1) } } } };
  const of = model({ info: { media } });
  const param = `messages[0].content[0].${kind}.data`;
  const error = { reason: ErrorReason.UNSUPPORTED_PARAMETER, message: expect.stringContaining(why) as string };
  await expect(chatJob({ messages: [{ role: Role.USER, content: [part] }] }, of)).rejects.toMatchObject({
    ...error,
    param,
  });
  const prompt = { kind: { case: "parts" as const, value: { parts: [part] } } };
  const complete = parseCompleteJob(create(CompleteRequestSchema, { prompt }), of, { signal });
  await expect(complete).rejects.toMatchObject({ ...error, param: `prompt.parts[0].${kind}.data` });
});

const withOptions = (options: Options, of = model()) => chatJob({ options }, of);

describe("defaults", () => {
  test("are those of the replaced server, without its penalty on repetition", async () => {
    const { generate } = await withOptions({});
    expect(generate.sampling).toMatchObject({
      seed: undefined,
      temperature: 0.8,
      topP: 0.95,
      topK: 40,
      minP: 0.05,
      repeatPenalty: 1,
      repeatLastN: 64,
      presencePenalty: 0,
      frequencyPenalty: 0,
      mirostat: 0,
    });
    expect(generate).toMatchObject({ choices: 1, maxTokens: undefined, stop: [], cachePrompt: true });
  });

  test("of seed and repeat_last_n come from the model's settings", async () => {
    const of = model({}, { seed: 7, last_n_tokens_size: 9 });
    expect((await withOptions({}, of)).generate.sampling).toMatchObject({ seed: 7, repeatLastN: 9 });
    expect((await withOptions({ seed: 8, repeatLastN: 0 }, of)).generate.sampling).toMatchObject({
      seed: 8,
      repeatLastN: 0,
    });
  });

  test("give way to a set zero", async () => {
    const { generate } = await withOptions({ temperature: 0, topK: 0, minP: 0 });
    expect(generate.sampling).toMatchObject({ temperature: 0, topK: 0, minP: 0 });
  });
});

describe("a value that cannot be served is refused with its name:", () => {
  test.each<[string, Options]>([
    ["temperature", { temperature: 2.1 }],
    ["temperature", { temperature: -0.1 }],
    ["temperature", { temperature: NaN }],
    ["top_p", { topP: 1.5 }],
    ["top_p", { topP: Infinity }],
    ["presence_penalty", { presencePenalty: 2.5 }],
    ["frequency_penalty", { frequencyPenalty: -3 }],
    ["repeat_penalty", { repeatPenalty: 0 }],
    ["max_tokens", { maxTokens: 0 }],
    ["min_tokens", { minTokens: 5, maxTokens: 4 }],
    ["n", { n: 0 }],
    ["n", { n: 3 }],
    ["n", { n: 1_000_000 }],
    ["top_logprobs", { topLogprobs: 21 }],
    ["mirostat", { mirostat: 3 }],
    ["min_tokens", { minTokens: 1001 }],
    ["prompt_logprobs", { promptLogprobs: 21 }],
    ["stop_token_ids", { stopTokenIds: [0x110000] }],
    ["stop_token_ids", { stopTokenIds: Array.from({ length: 129 }, () => 1) }],
    ["stop", { stop: Array.from({ length: 129 }, () => "x") }],
    ["stop[1]", { stop: ["x", ""] }],
    ["stop[0]", { stop: ["x".repeat(2000)] }],
    ["samplers[1]", { samplers: ["top_k", "magic"] }],
    ["dry_sequence_breakers[0]", { drySequenceBreakers: [""] }],
    ["logit_bias", { logitBias: [{ target: { case: "token", value: 0x110000 }, bias: 1 }] }],
    ["logit_bias", { logitBias: [{ target: { case: "token", value: 1 }, bias: 101 }] }],
    ["logit_bias", { logitBias: [{ target: { case: "token", value: 1 }, bias: NaN }] }],
    ["logit_bias", { logitBias: [{ bias: 1 }] }],
  ])("%s %j", async (param, options) => {
    await expect(withOptions(options)).rejects.toMatchObject({ reason: ErrorReason.INVALID_PARAMETER, param });
  });

  test("in words that say the range and the value", async () => {
    await expect(withOptions({ temperature: 2.1 })).rejects.toThrow(
      "temperature must be a number between 0 and 2, not 2.1",
    );
  });
});

test("biases on texts are biases on each of their tokens, and -infinity forbids", async () => {
  const logitBias = [
    { target: { case: "text" as const, value: "ab" }, bias: -Infinity },
    { target: { case: "token" as const, value: 7 }, bias: 2 },
  ];
  expect((await withOptions({ logitBias })).generate.sampling.logitBias).toEqual([
    { token: 97, bias: -Infinity },
    { token: 98, bias: -Infinity },
    { token: 7, bias: 2 },
  ]);
});

test("max_tokens beyond the context is as much as the context holds", async () => {
  expect((await withOptions({ maxTokens: 1_000_000 })).generate.maxTokens).toBe(1000);
  expect((await withOptions({ maxTokens: 0xffffffff })).generate.maxTokens).toBe(1000);
});

test("what penalties look back on never exceeds the context", async () => {
  const { sampling } = (await withOptions({ repeatLastN: 2 ** 31 - 1 })).generate;
  expect(sampling).toMatchObject({ repeatLastN: 1000, dryPenaltyLastN: -1 });
});

describe("a chat", () => {
  test("becomes the tokens of its prompt, with the stop texts of its format and its own", async () => {
    const job = await chatJob({ options: { stop: ["END"] } }, model({}, { chat_format: "chatml" }));
    expect(String.fromCodePoint(...job.generate.prompt)).toContain("<|im_start|>user\nhi<|im_end|>");
    expect(job.generate.stop).toEqual(["END", "<|im_end|>"]);
    expect(job.stop).toEqual(["END"]);
  });

  test("without messages, or with a role or a part that is unknown, is refused", async () => {
    const cases: [string, MessageInitShape<typeof ChatRequestSchema>["messages"] & {}][] = [
      ["messages", []],
      ["messages[0].role", [{ ...message("x"), role: 99 as Role }]],
      ["messages[0].content[0]", [{ role: Role.USER, content: [{}] }]],
    ];
    for (const [param, messages] of cases) {
      await expect(chatJob({ messages })).rejects.toMatchObject({ param });
    }
  });

  test("is cut where it may be: its beginning, or its end", async () => {
    const prompt = async (truncation: MessageInitShape<typeof TruncationSchema>) => {
      const { generate } = await chatJob({ messages: [message("abcdefgh")], options: { truncation } });
      return String.fromCodePoint(...generate.prompt);
    };
    const whole = await prompt({});
    expect(whole).toContain("abcdefgh");
    expect(await prompt({ maxTokens: 5 })).toBe(whole.slice(-5));
    expect(await prompt({ maxTokens: 5, side: TruncationSide.RIGHT })).toBe(whole.slice(0, 5));
    const long = await chatJob({ messages: [message("x".repeat(2000))], options: { truncation: {} } });
    expect(long.generate.prompt).toHaveLength(999);
  });

  test("that does not fit is refused with the counts, in OpenAI's words", async () => {
    await expect(chatJob({ messages: [message("x".repeat(2000))] })).rejects.toMatchObject({
      reason: ErrorReason.CONTEXT_LENGTH_EXCEEDED,
      param: "messages",
      message:
        "This model's maximum context length is 1000 tokens. However, your messages resulted in 2017 tokens. Please reduce the length of the messages.",
    });
  });

  test("whose tool_choice names no tool, or wants one of none, is refused", async () => {
    const named = { choice: { case: "name" as const, value: "dig" } };
    await expect(chatJob({ tools: [{ name: "x" }], toolChoice: named })).rejects.toMatchObject({
      param: "tool_choice",
    });
    const required = { choice: { case: "mode" as const, value: ToolChoiceMode.REQUIRED } };
    await expect(chatJob({ toolChoice: required })).rejects.toMatchObject({ param: "tool_choice" });
  });

  test("has its reasoning bounded, where the model reasons between tags", async () => {
    const of = model({}, { chat_format: "chatml" });
    const { generate } = await chatJob({ reasoning: { budgetTokens: 5 } }, of);
    expect(generate.reasoning).toMatchObject({ start: "<think>", end: "</think>", open: false, budget: 5 });
    expect((await chatJob({ reasoning: { budgetTokens: 5 } })).generate.reasoning).toBeUndefined();
    const harmony = model({}, { chat_template: "<|start|>assistant<|channel|>{{ messages[0].content }}<|message|>" });
    await expect(chatJob({ reasoning: { budgetTokens: 5 } }, harmony)).rejects.toMatchObject({
      reason: ErrorReason.UNSUPPORTED_PARAMETER,
      param: "reasoning.budget_tokens",
    });
  });

  test("with parallel_tool_calls false has one call", async () => {
    expect((await chatJob({ parallelToolCalls: false })).maxCalls).toBe(1);
  });
});

describe("a completion", () => {
  const text = (value: string) => ({ kind: { case: "text" as const, value } });
  const completeJob = (request: MessageInitShape<typeof CompleteRequestSchema>, of = model()) =>
    parseCompleteJob(create(CompleteRequestSchema, request), of, { signal });

  test("takes tokens as they are, but none outside the vocabulary", async () => {
    const tokens = (values: number[]) => ({ kind: { case: "tokens" as const, value: { tokens: values } } });
    const job = await completeJob({ prompt: tokens([104, 105]), echo: true });
    expect([...job.generate.prompt]).toEqual([104, 105]);
    expect(job.echo).toBe("hi");
    await expect(completeJob({ prompt: tokens([0x110000]) })).rejects.toMatchObject({ param: "prompt" });
  });

  test("without a prompt is refused", async () => {
    await expect(completeJob({})).rejects.toMatchObject({ param: "prompt" });
    await expect(completeJob({ prompt: text("") })).rejects.toMatchObject({ param: "prompt" });
  });

  test("with a suffix is put into the model's fill-in-the-middle form, or refused when it has none", async () => {
    const of = model({ info: { fim: { prefix: 1, suffix: 2, middle: 3 } } });
    const job = await completeJob({ prompt: text("a"), suffix: "b" }, of);
    expect([...job.generate.prompt]).toEqual([1, 97, 2, 98, 3]);
    await expect(completeJob({ prompt: text("a"), suffix: "b" })).rejects.toMatchObject({
      reason: ErrorReason.UNSUPPORTED_PARAMETER,
      param: "suffix",
    });
  });
});

describe("embeddings", () => {
  const embedJob = (request: MessageInitShape<typeof EmbedRequestSchema>, engine = new FakeEngine()) =>
    parseEmbedJob(create(EmbedRequestSchema, request), engine);
  const inputs = (...texts: string[]) => texts.map((value) => ({ kind: { case: "text" as const, value } }));

  test("have their tokens counted and are normalised unless told otherwise", async () => {
    expect(await embedJob({ inputs: inputs("abc", "d") })).toMatchObject({ promptTokens: 4, normalize: true });
    expect(await embedJob({ inputs: inputs("abc"), normalize: false })).toMatchObject({ normalize: false });
  });

  test.each<[string, MessageInitShape<typeof EmbedRequestSchema>]>([
    ["input", { inputs: [] }],
    ["input", { inputs: inputs("") }],
    ["input[1]", { inputs: inputs("x", "") }],
    ["input", { inputs: inputs(...Array.from({ length: 2049 }, () => "x")) }],
    ["input[1]", { inputs: inputs("x", "y".repeat(1001)) }],
    ["dimensions", { inputs: inputs("x"), dimensions: 5 }],
    ["dimensions", { inputs: inputs("x"), dimensions: 0 }],
    ["pooling", { inputs: inputs("x"), pooling: 99 as Pooling }],
  ])("are refused for %s", async (param, request) => {
    await expect(embedJob(request)).rejects.toMatchObject({ param });
  });

  test("without a pooling get the model's own, which a reranker has not", async () => {
    expect((await embedJob({ inputs: inputs("x") })).embed.pooling).toBe("mean");
    const reranker = new FakeEngine({ info: { embedding: { pooling: undefined, inputTokens: 9 } } });
    await expect(embedJob({ inputs: inputs("x") }, reranker)).rejects.toMatchObject({ param: "pooling" });
    expect((await embedJob({ inputs: inputs("x"), pooling: Pooling.LAST }, reranker)).embed.pooling).toBe("last");
  });

  test("whose vectors would be more than an answer holds are refused", async () => {
    const wide = new FakeEngine({ info: { embeddingLength: 8192 } });
    const request = (pooling: Pooling) => embedJob({ inputs: inputs(...Array.from("x".repeat(1025))), pooling }, wide);
    await expect(request(Pooling.MEAN)).rejects.toMatchObject({ param: "input" });
    await expect(embedJob({ inputs: inputs("x".repeat(900)), pooling: Pooling.NONE }, wide)).resolves.toBeDefined();
    const long = inputs("x".repeat(900), "x".repeat(900));
    await expect(embedJob({ inputs: long, pooling: Pooling.NONE }, wide)).rejects.toMatchObject({ param: "input" });
    await expect(embedJob({ inputs: long, pooling: Pooling.NONE, dimensions: 8 }, wide)).resolves.toBeDefined();
  });
});

describe("a ranking", () => {
  const frame = { start: [1], between: [2, 3], end: [4] };
  const ranker = (ranking: Partial<RankingInfo> = {}) =>
    new FakeEngine({ info: { ranking: { prompt: frame, scores: "logits", inputTokens: 9, ...ranking } } });
  const rerankJob = (request: MessageInitShape<typeof RerankRequestSchema>, engine = ranker()) =>
    parseRerankJob(create(RerankRequestSchema, { query: "ab", documents: ["c"], ...request }), engine);
  const textOf = (tokens: Int32Array | undefined) => String.fromCodePoint(...(tokens ?? []));

  test("puts the query before each document, between the model's tokens", async () => {
    const { rank, promptTokens, topN } = await rerankJob({ documents: ["c", "", "de"] });
    expect(rank.inputs.map((tokens) => [...tokens])).toEqual([
      [1, 97, 98, 2, 3, 99, 4],
      [1, 97, 98, 2, 3, 4],
      [1, 97, 98, 2, 3, 100, 101, 4],
    ]);
    expect({ promptTokens, topN }).toEqual({ promptTokens: 21, topN: 3 });
  });

  test("fills the model's template, and no places that the texts have", async () => {
    const engine = ranker({ prompt: { template: "Q{query}D{document}{query}" }, inputTokens: 99 });
    const { rank } = await rerankJob({ query: "{document}$&", documents: ["{query}"] }, engine);
    expect(textOf(rank.inputs[0])).toBe("Q{document}$&D{query}{document}$&");
  });

  test("makes 0 to 1 out of logits alone, unless it is asked not to", async () => {
    expect((await rerankJob({})).squash).toBe(true);
    expect((await rerankJob({ rawScores: true })).squash).toBe(false);
    expect((await rerankJob({}, ranker({ scores: "probabilities" }))).squash).toBe(false);
  });

  test.each<[string, MessageInitShape<typeof RerankRequestSchema>]>([
    ["query", { query: "" }],
    ["documents", { documents: [] }],
    ["documents", { documents: Array.from({ length: 2049 }, () => "x") }],
    ["documents[1]", { documents: ["c", "too long"] }],
    ["top_n", { topN: 0 }],
  ])("is refused for %s", async (param, request) => {
    await expect(rerankJob(request)).rejects.toMatchObject({ param });
  });

  test("by a model that does not rank is refused with what does", async () => {
    await expect(rerankJob({}, new FakeEngine())).rejects.toMatchObject({
      param: "model",
      message: expect.stringContaining("reranker"),
    });
  });
});
