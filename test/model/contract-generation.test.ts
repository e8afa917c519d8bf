import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  asking,
  chatPath,
  completionsPath,
  type ContractServer,
  startContractServer,
} from "./contract/contract-server.ts";

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const story = { ...asking("Tell me a short story."), max_tokens: 24 };
const textsOf = ({ choices }: { choices: readonly OpenAI.ChatCompletion.Choice[] }) =>
  choices.map(({ message }) => message.content ?? "");

describe("seed", () => {
  const hot = { ...story, temperature: 1.5, seed: 11 };

  test("gives the same answer again, streamed or not", async () => {
    const [text] = textsOf(await server.chat(hot));
    expect(textsOf(await server.chat(hot))).toEqual([text]);
    const chunks = await server.chatStream(hot);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(text);
    expect(textsOf(await server.chat({ ...hot, seed: 12 }))).not.toEqual([text]);
  });

  test("gives the same answer while others run in the same batch", async () => {
    const [text] = textsOf(await server.chat(hot));
    const others = Array.from({ length: 6 }, (_, seed) => server.chat({ ...hot, seed: 100 + seed, max_tokens: 60 }));
    expect(textsOf(await server.chat(hot))).toEqual([text]);
    await Promise.all(others);
  });

  test("is one more for each choice of n", async () => {
    const texts = textsOf(await server.chat({ ...hot, n: 3 }));
    const alone = await Promise.all([0, 1, 2].map((i) => server.chat({ ...hot, seed: 11 + i })));
    expect(alone.flatMap(textsOf)).toEqual(texts);
    expect(new Set(texts).size).toBe(3);
  });

  test("may be any integer; -1 and none are random", async () => {
    for (const seed of [0, 2 ** 32, -5, 2 ** 53]) {
      expect(textsOf(await server.chat({ ...hot, seed }))).toEqual(textsOf(await server.chat({ ...hot, seed })));
    }
    for (const seed of [-1, undefined, null]) {
      expect(textsOf(await server.chat({ ...hot, seed }))).not.toEqual(textsOf(await server.chat({ ...hot, seed })));
    }
  });
});

describe("usage", () => {
  test("is the same streamed as in one piece, choices and reasoning counted", async () => {
    const request = { ...asking("Hello!"), reasoning_effort: "high", temperature: 0, n: 2, cache_prompt: false };
    const { usage } = await server.chat(request);
    const chunks = await server.chatStream({ ...request, stream_options: { include_usage: true } });
    expect(chunks.at(-1)?.usage).toEqual(usage);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(10);
    const legacy = { prompt: ["Once upon", "a"], max_tokens: 4, n: 2, cache_prompt: false };
    const whole = await server.complete({ ...legacy, temperature: 0 });
    const streamed = await server.completeStream({
      ...legacy,
      temperature: 0,
      stream_options: { include_usage: true },
    });
    expect(streamed.at(-1)?.usage).toEqual(whole.usage);
    expect(whole.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 16, total_tokens: 19 });
  });

  test("says how much of the prompt was there before", async () => {
    const turns = [
      // A shorter beginning is not worth keeping to the engine.
      { role: "user", content: `My name is Anna. ${"I like long walks by the sea. ".repeat(6)}` },
      { role: "assistant", content: "Nice to meet you, Anna!" },
      { role: "user", content: "What is my name?" },
    ];
    const first = await server.chat({ messages: turns.slice(0, 1), max_tokens: 2 });
    const { usage } = await server.chat({ messages: turns, max_tokens: 2 });
    const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
    expect(cached).toBeGreaterThanOrEqual(first.usage.prompt_tokens - 3);
    expect(cached).toBeLessThan(usage.prompt_tokens);
  });
});

describe("limits", () => {
  test("none given, or null: the answer goes to its end", async () => {
    for (const limit of [{}, { max_tokens: null }, { max_completion_tokens: null, max_tokens: null }]) {
      const { choices } = await server.chat({ ...asking("Tell me a short story."), temperature: 0, ...limit });
      expect(choices[0]).toMatchObject({
        finish_reason: "stop",
        message: { content: expect.stringMatching(/The end\.$/) },
      });
    }
  });

  test("the end of the context ends an answer with length", async () => {
    const prompt = Array.from({ length: 500 }, (_, i) => i % 10).join(" ");
    const { choices, usage } = await server.complete({ prompt, max_tokens: 1_000, ignore_eos: true, temperature: 0 });
    expect(choices[0]?.finish_reason).toBe("length");
    // The last token needs no place in it.
    expect(usage?.total_tokens).toBe(1_025);
  });

  test("a stop text may lie across tokens and pieces, and is no part of the answer", async () => {
    const plain = textsOf(await server.chat({ ...story, temperature: 0 }))[0] ?? "";
    for (const stop of ["tle fo", "e f", " "]) {
      const request = { ...story, temperature: 0, stop };
      const expected = plain.slice(0, plain.indexOf(stop));
      expect(textsOf(await server.chat(request))).toEqual([expected]);
      const chunks = await server.chatStream(request);
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(expected);
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    }
    const { choices } = await server.chat({ ...asking("こんにちは"), temperature: 0, stop: ["お手", "x"] });
    expect(choices[0]?.message.content).toBe("こんにちは！何か");
  });

  test("n above the slots, or best_of, is refused with their number", async () => {
    expect(await server.refusal(chatPath, { ...story, n: 9 })).toMatchObject({
      param: "n",
      message: expect.stringMatching(/at most 8/),
    });
    const bestOf = await server.refusal(completionsPath, { prompt: "a", best_of: 9 });
    expect(bestOf).toMatchObject({ param: "best_of", message: expect.stringMatching(/^best_of must be at most 8/) });
  });
});

describe("reasoning", () => {
  const weather = { ...asking("What is the capital of Japan?"), temperature: 0, max_tokens: 200 };

  test("comes apart from the answer, before it, streamed too", async () => {
    const request = { ...weather, chat_template_kwargs: { enable_thinking: true } };
    const { choices, usage } = await server.chat(request);
    const message = choices[0]?.message;
    expect(message?.content).toContain("Tokyo");
    expect(message?.reasoning_content).not.toContain("<think>");
    const deltas = (await server.chatStream(request)).flatMap((chunk) => chunk.choices.map(({ delta }) => delta));
    const reasoning = deltas.map((delta) => (delta as { reasoning_content?: string }).reasoning_content);
    expect(reasoning.join("")).toBe(message?.reasoning_content);
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe(message?.content);
    const firstContent = deltas.findIndex(({ content }) => content);
    expect(reasoning.slice(firstContent)).toEqual(reasoning.slice(firstContent).map(() => undefined));
    expect(usage.completion_tokens_details?.reasoning_tokens).toBeLessThan(usage.completion_tokens);
  });

  test("is left out by effort none, and by a budget of 0", async () => {
    const none = await server.chat({ ...weather, reasoning_effort: "none" });
    expect(none.choices[0]?.message).toEqual({
      role: "assistant",
      content: expect.stringMatching(/Tokyo/),
      refusal: null,
    });
    expect(none.usage.completion_tokens_details?.reasoning_tokens).toBe(0);
    const bounded = await server.chat({ ...weather, reasoning_effort: "high", reasoning_budget: 0 });
    expect(bounded.choices[0]?.message.content).toBeTruthy();
    expect(bounded.usage.completion_tokens_details?.reasoning_tokens).toBeLessThan(8);
  });

  test("that is sent back is taken, under both names", async () => {
    for (const name of ["reasoning_content", "reasoning"]) {
      const messages = [
        { role: "user", content: "My name is Anna." },
        { role: "assistant", content: "Nice to meet you, Anna!", [name]: "The user tells me a name." },
        { role: "user", content: "What is my name?" },
      ];
      const response = await server.send(chatPath, { messages, temperature: 0 });
      expect(response.headers.get("warning")).toBeNull();
      expect(await response.json()).toMatchObject({
        choices: [{ message: { content: expect.stringMatching(/Anna/) } }],
      });
    }
  });
});

describe("embeddings", () => {
  test("of 2048 texts come in their order", async () => {
    const input = Array.from({ length: 2_048 }, (_, i) => `text ${i % 16}`);
    const { data, usage } = await server.embed({ input, encoding_format: "float", dimensions: 4 });
    expect(data.map(({ index }) => index)).toEqual(input.map((_, i) => i));
    for (const i of [16, 500, 2_047]) {
      const [first, same] = [data[i % 16]?.embedding ?? [], data[i]?.embedding ?? []];
      for (const [k, value] of first.entries()) expect(same[k]).toBeCloseTo(value, 2);
    }
    expect(usage.prompt_tokens).toBeGreaterThan(2_048 * 2);
  });

  test("of a text that is longer than a batch are those of all of it", async () => {
    const long = (end: string) => Array.from({ length: 700 }, (_, i) => i % 10).join("") + end;
    const { data, usage } = await server.embed({ input: [long(" a cat"), long(" Tokyo")], encoding_format: "float" });
    expect(usage.prompt_tokens).toBeGreaterThan(1_400);
    const [a, b] = data.map(({ embedding }) => embedding);
    expect(a).not.toEqual(b);
    const last = { input: [long(" a cat"), long(" Tokyo")], encoding_format: "float", pooling: "last" };
    const [c, d] = (await server.embed(last)).data.map(({ embedding }) => embedding);
    expect((c ?? []).reduce((sum, value, k) => sum + value * (d?.[k] ?? 0), 0)).toBeLessThan(0.99);
  });
});

test("models are listed and found by their name", async () => {
  const models = await server.models();
  expect(models.map(({ id }) => id)).toEqual(["tiny-guide"]);
  expect(await server.model("tiny-guide")).toMatchObject({ id: "tiny-guide", status: { value: "loaded" } });
});
