import { describe, expect, test } from "vitest";
import { ErrorReason, ModelState } from "../../../clients/index.ts";
import { ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { chat, startTestServices, textOf } from "./support.ts";

describe("a chat", () => {
  test("is streamed through the front and its worker, and ends with usage and timings", async () => {
    await using ctx = await startTestServices();
    const events = await Array.fromAsync(ctx.client.inference.chat(chat("count:3")));
    expect(events.map(({ event }) => event.case)).toEqual(["started", "text", "text", "text", "finished"]);
    expect(textOf(events)).toBe("w1 w2 w3 ");
    expect(events.at(-1)?.event.value).toMatchObject({
      reason: FinishReason.STOP,
      usage: { completionTokens: 3, promptTokens: "user: count:3\nassistant:".length },
    });
  });

  test("with several choices streams them side by side and finishes each", async () => {
    await using ctx = await startTestServices();
    const events = await Array.fromAsync(ctx.client.inference.chat({ ...chat("count:2"), options: { n: 2 } }));
    for (const choice of [0, 1]) {
      expect(textOf(events.filter((event) => event.choice === choice))).toBe("w1 w2 ");
      expect(events.filter(({ event, choice: of }) => event.case === "finished" && of === choice)).toHaveLength(1);
    }
  });

  test("that is cut by max_tokens says so", async () => {
    await using ctx = await startTestServices();
    const events = await Array.fromAsync(ctx.client.inference.chat({ ...chat("count:9"), options: { maxTokens: 2 } }));
    expect(textOf(events)).toBe("w1 w2 ");
    expect(events.at(-1)?.event.value).toMatchObject({ reason: FinishReason.LENGTH });
  });

  test("whose model calls a tool streams the call and finishes with tool_calls", async () => {
    await using ctx = await startTestServices();
    const request = {
      ...chat('say:[{"name": "weather", "arguments": {"city": "京都"}}]'),
      tools: [{ name: "weather", parametersJson: '{"type":"object"}' }],
    };
    const events = await Array.fromAsync(ctx.client.inference.chat(request));
    const calls = events.flatMap(({ event }) => (event.case === "toolCall" ? [event.value] : []));
    expect(calls[0]).toMatchObject({ index: 0, name: "weather", id: expect.stringMatching(/^call_/) });
    expect(JSON.parse(calls.map((call) => call.arguments).join(""))).toEqual({ city: "京都" });
    expect(events.at(-1)?.event.value).toMatchObject({ reason: FinishReason.TOOL_CALLS });
    const none = { ...request, toolChoice: { choice: { case: "mode" as const, value: ToolChoiceMode.NONE } } };
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(none)))).toContain('"weather"');
  });
});

test("a completion repeats its prompt when asked to, also when nothing is to be generated", async () => {
  await using ctx = await startTestServices();
  const prompt = { kind: { case: "text" as const, value: "count:2" } };
  const read = async (maxTokens: number) => {
    const events = await Array.fromAsync(ctx.client.inference.complete({ prompt, echo: true, options: { maxTokens } }));
    return events.map(({ event }) => (event.case === "text" ? event.value.text : "")).join("");
  };
  expect(await read(16)).toBe("count:2w1 w2 ");
  expect(await read(0)).toBe("count:2");
});

test("an echo with log-probabilities has those of the prompt's tokens, of which the first has none", async () => {
  await using ctx = await startTestServices();
  const prompt = { kind: { case: "tokens" as const, value: { tokens: [104, 105] } } };
  const options = { maxTokens: 0, topLogprobs: 0 };
  const events = await Array.fromAsync(ctx.client.inference.complete({ prompt, echo: true, options }));
  const [echo] = events.flatMap(({ event }) => (event.case === "text" ? [event.value] : []));
  expect(echo?.text).toBe("hi");
  expect(echo?.logprobs.map(({ token, prompt: of }) => [token?.id, token?.logprob, of])).toEqual([
    [104, undefined, true],
    [105, -1, true],
  ]);
});

test("embeddings, tokens and templates are answered by the worker", async () => {
  await using ctx = await startTestServices();
  const { inference } = ctx.client;
  const text = (value: string) => ({ kind: { case: "text" as const, value } });
  const { embeddings, promptTokens } = await inference.embed({ inputs: [text("abc"), text("de")], dimensions: 2 });
  expect(embeddings.map(({ values }) => values)).toEqual([
    [1, 0],
    [1, 0],
  ]);
  expect(promptTokens).toBe(5);
  const { tokens } = await inference.tokenize({ text: "héé" });
  expect((await inference.detokenize({ tokens })).text).toBe("héé");
  const { messages } = chat("hi");
  expect((await inference.applyTemplate({ messages })).prompt).toBe("user: hi\nassistant:");
  expect((await inference.countTokens({ messages })).tokens).toBe(19);
});

describe("two models", () => {
  const models = { a: "first.gguf", b: "second.gguf" };

  test("both stay resident and answer by name; no name means the first", async () => {
    await using ctx = await startTestServices({ models });
    for (const [name, answers] of [
      ["a", "a"],
      ["b", "b"],
      ["", "a"],
    ] as const) {
      const [started] = await Array.fromAsync(ctx.client.inference.chat(chat("count:1", name)));
      expect(started?.event.value).toMatchObject({ model: answers });
    }
    const { models: listed } = await ctx.client.models.listModels({});
    expect(listed.map(({ id, state }) => [id, state])).toEqual([
      ["a", ModelState.RESIDENT],
      ["b", ModelState.RESIDENT],
    ]);
    expect(ctx.log()).toContain('model \\"b\\" loaded in');
    expect(ctx.log()).toContain("on the CPU");
  });

  test("a name that is not configured is refused with those that are, or answered by the first", async () => {
    await using ctx = await startTestServices({ models });
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1", "qwen")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_NOT_FOUND,
      message: 'model "qwen" is not configured (have: a, b)',
    });
    await using lenient = await startTestServices({ models, service: { unknown_model: "default" } });
    const [started] = await Array.fromAsync(lenient.client.inference.chat(chat("count:1", "qwen")));
    expect(started?.event.value).toMatchObject({ model: "a" });
  });

  test("model_aliases are other names, the configured ones first", async () => {
    const service = { model_aliases: { "b*": "b", "a*": "b", "gpt-*-mini": "b" } };
    await using ctx = await startTestServices({ models, service });
    for (const [name, answers] of [
      ["a", "a"],
      ["a-x", "b"],
      ["gpt-5-mini", "b"],
    ] as const) {
      const [started] = await Array.fromAsync(ctx.client.inference.chat(chat("count:1", name)));
      expect(started?.event.value).toMatchObject({ model: answers });
    }
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1", "gpt-mini")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_NOT_FOUND,
    });
  });
});

test("a bug in the engine reaches the caller as internal error and the log whole", async () => {
  await using ctx = await startTestServices();
  await expect(Array.fromAsync(ctx.client.inference.chat(chat("bug:yes")))).rejects.toMatchObject({
    reason: ErrorReason.INTERNAL,
    message: "internal error",
  });
  expect(ctx.log()).toContain("the fake engine was told to have a bug");
  expect(ctx.log()).not.toContain("bug:yes");
});
