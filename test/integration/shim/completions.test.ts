import type OpenAI from "openai";
import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { CompleteRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { FakeHandlers } from "../../support/fake-inference.ts";
import { readEvents, testShim } from "./support.ts";

type Complete = NonNullable<FakeHandlers["complete"]>;

/** Answers each prompt with itself in capitals, a word per event, for each of its n choices. */
const shout: Complete = function* (request) {
  const prompt = request.prompt?.kind.case === "text" ? request.prompt.kind.value : "tokens";
  yield { event: { case: "started", value: { model: "tiny", promptTokens: 2 } } };
  for (let choice = 0; choice < (request.options?.n ?? 1); choice += 1) {
    for (const word of prompt.toUpperCase().split(" "))
      yield { choice, event: { case: "text", value: { text: word } } };
    const usage = { promptTokens: 2, completionTokens: 3 };
    yield { choice, event: { case: "finished", value: { reason: FinishReason.LENGTH, usage } } };
  }
};

test("answers one prompt with OpenAI's default of 16 tokens", async () => {
  const seen: CompleteRequest[] = [];
  await using shim = await testShim({
    complete: (request, options) => {
      seen.push(request);
      return shout(request, options);
    },
  });
  const completion = await shim.openai.completions.create({ model: "tiny", prompt: "ab cd" });
  expect(completion).toEqual({
    id: expect.stringMatching(/^cmpl-/),
    object: "text_completion",
    created: expect.any(Number),
    model: "tiny",
    system_fingerprint: expect.any(String),
    choices: [{ text: "ABCD", index: 0, logprobs: null, finish_reason: "length" }],
    usage: {
      prompt_tokens: 2,
      completion_tokens: 3,
      total_tokens: 5,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  });
  expect(seen[0]?.options?.maxTokens).toBe(16);
  expect(seen[0]?.options?.temperature).toBeUndefined();
});

test("numbers the choices of several prompts prompt by prompt, and adds up their usage", async () => {
  await using shim = await testShim({ complete: shout });
  const prompts = Array.from({ length: 20 }, (_, index) => `p${index} x`);
  const { choices, usage } = await shim.openai.completions.create({ model: "tiny", prompt: prompts, n: 2 });
  expect(choices.map((choice) => choice.text)).toEqual(prompts.flatMap((_, index) => [`P${index}X`, `P${index}X`]));
  expect(choices.map((choice) => choice.index)).toEqual(choices.map((_, index) => index));
  expect(usage).toMatchObject({ prompt_tokens: 40, completion_tokens: 120, total_tokens: 160 });
});

test("streams several prompts at once", async () => {
  await using shim = await testShim({ complete: shout });
  const response = await shim.post("/v1/completions", {
    prompt: ["a b", "c d"],
    stream: true,
    stream_options: { include_usage: true },
  });
  const events = await readEvents(response);
  const chunks = events.slice(0, -1) as OpenAI.Completion[];
  const textOf = (index: number) =>
    chunks
      .flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index).map((choice) => choice.text))
      .join("");
  expect([textOf(0), textOf(1)]).toEqual(["AB", "CD"]);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 10 } });
  expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason === "length")).toHaveLength(2);
});

test("takes tokens and lists of tokens", async () => {
  const seen: unknown[] = [];
  await using shim = await testShim({
    complete: (request, options) => {
      seen.push(request.prompt?.kind.case === "tokens" ? request.prompt.kind.value.tokens : "text");
      return shout(request, options);
    },
  });
  await shim.openai.completions.create({ model: "tiny", prompt: [1, 2, 3] });
  await shim.openai.completions.create({ model: "tiny", prompt: [[4], [5, 6]] });
  expect(seen).toEqual([[1, 2, 3], [4], [5, 6]]);
});

test("gives lm-eval the prompt's log-probabilities, with offsets in characters", async () => {
  const token = (text: string, logprob?: number) => ({
    prompt: true,
    token: { bytes: Buffer.from(text), ...(logprob !== undefined && { logprob }) },
    top: logprob === undefined ? [] : [{ bytes: Buffer.from("!"), logprob: -0.5 }],
  });
  await using shim = await testShim({
    complete: function* (request) {
      expect(request).toMatchObject({ echo: true, options: { maxTokens: 0, topLogprobs: 1 } });
      yield { event: { case: "started", value: { model: "tiny", promptTokens: 3 } } };
      const logprobs = [token("日"), token("本", -1), token("\u{1f600}x", -2), token("é".slice(0, 1), -3)];
      yield { event: { case: "text", value: { text: "日本\u{1f600}xé", logprobs } } };
      yield { event: { case: "finished", value: { reason: FinishReason.LENGTH, usage: { promptTokens: 3 } } } };
    },
  });
  const { choices } = await shim.openai.completions.create({
    model: "tiny",
    prompt: "日本\u{1f600}xé",
    echo: true,
    max_tokens: 0,
    logprobs: 1,
  });
  expect(choices[0]?.logprobs).toEqual({
    tokens: ["日", "本", "\u{1f600}x", "é"],
    token_logprobs: [null, -1, -2, -3],
    top_logprobs: [null, { "!": -0.5, 本: -1 }, { "!": -0.5, "\u{1f600}x": -2 }, { "!": -0.5, é: -3 }],
    text_offset: [0, 1, 2, 4],
  });
});

/** Answers each choice with its number, as likely as `logprobs` says: one list of log-probabilities per choice. */
function answering(logprobs: readonly (readonly number[])[]): Complete {
  return function* ({ options }) {
    expect(options).toMatchObject({ n: logprobs.length });
    yield { event: { case: "started", value: { model: "tiny", promptTokens: 2 } } };
    for (const [choice, ofTokens] of logprobs.entries()) {
      const bytes = Buffer.from(String(choice));
      const prompt = { prompt: true, token: { bytes, logprob: -50 } };
      const tokens = ofTokens.map((logprob) => ({ token: { bytes, logprob } }));
      yield { choice, event: { case: "text", value: { text: String(choice), logprobs: [prompt, ...tokens] } } };
      const usage = { promptTokens: 2, completionTokens: ofTokens.length };
      yield { choice, event: { case: "finished", value: { reason: FinishReason.STOP, usage } } };
    }
  };
}

test("answers the n of best_of completions whose tokens are likeliest on average, and counts all", async () => {
  await using shim = await testShim({ complete: answering([[-1, -1], [], [-0.5, -0.5, -0.5], [-4], [-0.9]]) });
  const request = { model: "tiny", prompt: ["a", "b"], best_of: 5, n: 2 };
  const { choices, usage } = await shim.openai.completions.create(request);
  expect(choices).toMatchObject(
    ["2", "4", "2", "4"].map((text, index) => ({ text, index, finish_reason: "stop", logprobs: null })),
  );
  expect(usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 14 });
  const { choices: withLogprobs } = await shim.openai.completions.create({ ...request, logprobs: 0 });
  expect(withLogprobs[1]?.logprobs?.token_logprobs).toEqual([-50, expect.closeTo(-0.9)]);
});

test("says of which of several prompts the service refuses", async () => {
  const refusing: Complete = (request) => {
    if (request.prompt?.kind.value !== "bad") return shout(request, {});
    throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, "prompt is too long", { param: "prompt" });
  };
  await using shim = await testShim({ complete: refusing });
  const refusalOf = async (prompt: unknown) =>
    ((await (await shim.post("/v1/completions", { prompt })).json()) as { error: unknown }).error;
  expect(await refusalOf("bad")).toMatchObject({ param: "prompt", message: "prompt is too long" });
  expect(await refusalOf(["bad"])).toMatchObject({ param: "prompt[0]", message: "prompt[0] is too long" });
  expect(await refusalOf(["good", "bad", "good"])).toMatchObject({
    param: "prompt[1]",
    code: "context_length_exceeded",
  });
});

test("ends the other prompts when one fails", async () => {
  let running = 0;
  await using shim = await testShim({
    complete: async function* (request, { signal }) {
      running += 1;
      try {
        yield { event: { case: "started", value: { model: "tiny" } } };
        if (request.prompt?.kind.value === "bad") throw new Error("broken");
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
      } finally {
        running -= 1;
      }
    },
  });
  const response = await shim.post("/v1/completions", { prompt: ["good", "bad", "good"] });
  expect(response.status).toBe(500);
  await expect.poll(() => running).toBe(0);
});

test("answers editors that ask an engine by name with the default model", async () => {
  const models: string[] = [];
  await using shim = await testShim({
    listModels: () => ({ models: [{ id: "tiny" }] }),
    complete: (request, options) => {
      models.push(request.model);
      return shout(request, options);
    },
  });
  const path = "/v1/engines/copilot-codex/completions";
  expect((await shim.post(path, { prompt: "a" })).status).toBe(200);
  expect((await shim.post(path, { prompt: "a", model: "tiny" })).status).toBe(200);
  expect(models).toEqual(["", "tiny"]);
});
