import type OpenAI from "openai";
import { expect, test } from "vitest";
import { Role, ToolChoiceMode, type ChatRequest } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { chat, hello, readEvents, testShim } from "./support.ts";

test("answers in OpenAI's shape", async () => {
  await using shim = await testShim({
    chat: () => [chat.started(), chat.text("Hel"), chat.text("lo"), chat.finished()],
  });
  const { data, response } = await shim.openai.chat.completions.create(hello).withResponse();
  expect(data).toEqual({
    id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
    object: "chat.completion",
    created: expect.any(Number),
    model: "tiny",
    system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{10}$/),
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 9,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 1 },
    },
  });
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  expect(response.headers.get("openai-processing-ms")).toMatch(/^\d+$/);
  expect(response.headers.get("warning")).toBeNull();
});

test("streams chunks in OpenAI's order, with usage when it is asked for", async () => {
  await using shim = await testShim({
    chat: () => [chat.started(), chat.text("Hel"), chat.text("lo"), chat.finished()],
  });
  const response = await shim.post("/v1/chat/completions", {
    ...hello,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect(response.headers.get("openai-processing-ms")).toMatch(/^\d+$/);
  const events = await readEvents(response);
  const chunks = events.slice(0, -1) as OpenAI.ChatCompletionChunk[];
  expect(events.at(-1)).toBe("[DONE]");
  expect(new Set(chunks.map((chunk) => `${chunk.id} ${chunk.created} ${chunk.model} ${chunk.object}`)).size).toBe(1);
  expect(chunks.map((chunk) => chunk.choices)).toEqual([
    [{ index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }],
    [{ index: 0, delta: { content: "Hel" }, logprobs: null, finish_reason: null }],
    [{ index: 0, delta: { content: "lo" }, logprobs: null, finish_reason: null }],
    [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }],
    [],
  ]);
  expect(chunks.map((chunk) => chunk.usage?.total_tokens ?? chunk.usage)).toEqual([null, null, null, null, 9]);
});

test("runs tools with the SDK's helper", async () => {
  const seen: ChatRequest[] = [];
  await using shim = await testShim({
    chat: (request) => {
      seen.push(request);
      if (seen.length > 1) return [chat.started(), chat.text("It is sunny."), chat.finished()];
      return [
        chat.started(),
        chat.call({ id: "call_1", name: "weather" }),
        chat.call({ arguments: '{"city":' }),
        chat.call({ arguments: '"Kyoto"}' }),
        chat.finished(FinishReason.TOOL_CALLS),
      ];
    },
  });
  const runner = shim.openai.chat.completions.runTools({
    ...hello,
    stream: true,
    tools: [
      {
        type: "function",
        function: {
          name: "weather",
          description: "The weather of a city",
          parameters: { type: "object", properties: { city: { type: "string" } } },
          parse: JSON.parse,
          function: ({ city }: { city: string }) => `sunny in ${city}`,
        },
      },
    ],
  });
  expect(await runner.finalContent()).toBe("It is sunny.");
  expect(seen[0]?.tools[0]).toMatchObject({
    name: "weather",
    parametersJson: '{"type":"object","properties":{"city":{"type":"string"}}}',
  });
  expect(seen[0]?.toolChoice?.choice).toEqual({ case: "mode", value: ToolChoiceMode.AUTO });
  expect(seen[1]?.messages[1]).toMatchObject({
    role: Role.ASSISTANT,
    toolCalls: [{ id: "call_1", name: "weather", argumentsJson: '{"city":"Kyoto"}' }],
  });
  expect(seen[1]?.messages[2]).toMatchObject({
    role: Role.TOOL,
    toolCallId: "call_1",
    content: [{ part: { case: "text", value: "sunny in Kyoto" } }],
  });
});
