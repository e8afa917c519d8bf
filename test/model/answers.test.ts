import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChatRequest, type ChatResponse, Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { EngineStats } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { type GoldenChat, type GoldenCompletion, readGolden } from "../support/tiny-guide.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

let tokenwire: Tokenwire;
let openai: OpenAI;
beforeAll(async () => {
  tokenwire = await startTokenwire();
  openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

const rows = readGolden();
const chats = rows.filter((row): row is GoldenChat => row.kind === "chat");
const completions = rows.filter((row): row is GoldenCompletion => row.kind === "completion");
const lastWords = ({ request }: GoldenChat): string =>
  JSON.stringify(request.messages.at(-1)?.["content"]).slice(0, 60);

describe("golden answers through REST", () => {
  test.each(chats.map((row) => [lastWords(row), row] as const))("%s", async (_, row) => {
    const body = { model: "tiny-guide", ...row.request } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
    const { choices, usage } = await openai.chat.completions.create(body);
    const message = choices[0]?.message;
    expect(message?.content ?? "").toBe(row.answer);
    expect((message as { reasoning_content?: string }).reasoning_content?.trimEnd()).toBe(row.reasoning?.trimEnd());
    const calls = message?.tool_calls?.map((call) => call.type === "function" && call.function);
    expect(calls?.map((call) => call && { name: call.name, arguments: JSON.parse(call.arguments) as unknown })).toEqual(
      row.tool_calls?.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) as unknown })),
    );
    expect(choices[0]?.finish_reason).toBe(row.finish_reason);
    expect(usage).toMatchObject(row.usage);
  });

  test.each(completions.map((row) => [row.request.prompt, row] as const))("completion of %s", async (_, row) => {
    const body = { model: "tiny-guide", ...row.request } as unknown as OpenAI.CompletionCreateParamsNonStreaming;
    const { choices } = await openai.completions.create(body);
    expect(choices[0]).toMatchObject({ text: row.answer, finish_reason: row.finish_reason });
  });
});

describe("golden answers through gRPC", () => {
  const plain = chats.filter(({ request }) => request.tools === undefined);

  test.each(plain.map((row) => [lastWords(row), row] as const))("%s", async (_, row) => {
    const { events, finished } = await chat(row);
    expect(joined(events, "text")).toBe(row.answer);
    expect(joined(events, "reasoning").trimEnd()).toBe(row.reasoning?.trimEnd() ?? "");
    expect(finished?.reason).toBe(row.finish_reason === "length" ? FinishReason.LENGTH : FinishReason.STOP);
    expect(finished?.usage).toMatchObject({
      promptTokens: row.usage.prompt_tokens,
      completionTokens: row.usage.completion_tokens,
    });
  });

  async function chat({ request }: GoldenChat) {
    const messages = request.messages.map(({ role, content }) => ({
      role: Role[role.toUpperCase() as "USER"],
      content: [{ part: { case: "text" as const, value: String(content) } }],
    }));
    const options = { temperature: 0, maxTokens: request.max_tokens, stop: [request.stop ?? []].flat() };
    const kwargs = request.chat_template_kwargs as NonNullable<ChatRequest["chatTemplateKwargs"]>;
    const stream = tokenwire.client.inference.chat({ messages, options, chatTemplateKwargs: kwargs });
    const events = await Array.fromAsync(stream);
    const last = events.at(-1)?.event;
    return { events, finished: last?.case === "finished" ? last.value : undefined };
  }

  function joined(events: readonly ChatResponse[], kind: "text" | "reasoning"): string {
    return events.map(({ event }) => (event.case === kind ? event.value.text : "")).join("");
  }
});

test("the SDK's stream helper accumulates the golden answers, tool calls included", async () => {
  const row = chats.find(({ tool_calls }) => (tool_calls?.length ?? 0) > 1);
  const body = { model: "tiny-guide", ...row?.request } as unknown as OpenAI.ChatCompletionCreateParamsStreaming;
  const stream = openai.chat.completions.stream(body);
  const { choices } = await stream.finalChatCompletion();
  const calls = choices[0]?.message.tool_calls?.map((call) => call.type === "function" && call.function);
  expect(calls).toMatchObject(row?.tool_calls ?? []);
  expect(choices[0]?.finish_reason).toBe("tool_calls");
});

test("the SDK's runTools calls a function and gets the answer from its result", async () => {
  const asked: unknown[] = [];
  const runner = openai.chat.completions.runTools({
    model: "tiny-guide",
    temperature: 0,
    messages: [{ role: "user", content: "What is the weather in Paris?" }],
    tools: [
      {
        type: "function",
        function: {
          name: "get_weather",
          description: "Get the current weather",
          parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
          parse: JSON.parse,
          function: (args: unknown) => {
            asked.push(args);
            return '{"temperature": 21, "condition": "sunny"}';
          },
        },
      },
    ],
  });
  expect(await runner.finalContent()).toContain("21");
  expect(asked).toEqual([{ city: "Paris" }]);
});

test("embeddings come as the SDK asks for them", async () => {
  const { data, usage } = await openai.embeddings.create({ model: "tiny-guide", input: ["Hello!", "Good morning"] });
  expect(data.map(({ index }) => index)).toEqual([0, 1]);
  for (const { embedding } of data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
  expect(usage.prompt_tokens).toBeGreaterThan(2);
});

test("eight streams share their decode steps", async () => {
  const counted = await tokenwire.metric("tokenwire_completion_tokens_total");
  const watch = new AbortController();
  const seen = snapshots(watch.signal);
  const prompt = "Once upon a time";
  const options = { ignoreEos: true, maxTokens: 900, temperature: 0 };
  const request = { prompt: { kind: { case: "text" as const, value: prompt } }, options };
  await Promise.all(Array.from({ length: 8 }, () => Array.fromAsync(tokenwire.client.inference.complete(request))));
  watch.abort();
  // Where other tests run beside this one, the first stream may be well on its way before the last one starts.
  const together = (await seen).filter(({ busySlots }) => busySlots === 8);
  const [first, last] = [together[0], together.at(-1)];
  const steps = Number((last?.decodeSteps ?? 0n) - (first?.decodeSteps ?? 0n));
  expect(steps).toBeGreaterThan(100);
  const sequences = Number((last?.decodedSequences ?? 0n) - (first?.decodedSequences ?? 0n));
  expect(sequences / steps).toBeGreaterThan(0.95 * 8);
  // The metrics follow the engine at a little distance.
  await waitUntil("the tokens are counted", async () => {
    return (await tokenwire.metric("tokenwire_completion_tokens_total")) - counted >= 8 * 900;
  });

  async function snapshots(signal: AbortSignal): Promise<EngineStats[]> {
    const stats: EngineStats[] = [];
    try {
      for await (const { model } of tokenwire.client.models.watchModels({}, { signal })) {
        if (model?.stats !== undefined) stats.push(model.stats);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return stats;
  }
});
