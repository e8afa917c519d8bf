import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  asking,
  chatPath,
  completionsPath,
  type ContractServer,
  embeddingsPath,
  startContractServer,
} from "./contract/contract-server.ts";
import { getWeather } from "./contract/example-tools.ts";

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server[Symbol.asyncDispose]());

afterEach(() => expectUnharmed());

/** Whatever was sent: the worker lives, and nobody's slot is taken. */
async function expectUnharmed(): Promise<void> {
  const { choices } = await server.chat({ ...asking("Hello!"), temperature: 0 });
  expect(choices[0]?.message.content).toContain("Hello");
  expect(await server.tokenwire.metric("tokenwire_worker_restarts_total")).toBe(0);
  await expect.poll(() => server.tokenwire.metric("tokenwire_slots_busy")).toBe(0);
}

const user = { role: "user", content: "hi" };
const hello = { messages: [user] };
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** What is wrong with a chat request, and the field that is named. */
const badChats: [what: string, body: object, param: string][] = [
  ["no messages", { messages: [] }, "messages"],
  ["a message without content", { messages: [{ role: "user" }] }, "messages[0].content"],
  ["an empty text alone", { messages: [{ role: "assistant", content: "" }], max_tokens: 0 }, "max_tokens"],
  ["an unknown role", { messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
  ["a result without its call's id", { messages: [user, { role: "tool", content: "x" }] }, "messages[1].tool_call_id"],
  [
    "an image",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
    "messages[0].content[0].image_url.url",
  ],
  ["a wrong type", { ...hello, temperature: "hot" }, "temperature"],
  ["a negative max_tokens", { ...hello, max_tokens: -1 }, "max_tokens"],
  ["a huge max_tokens", { ...hello, max_tokens: 2 ** 31 }, "max_tokens"],
  ["min_tokens above max_tokens", { ...hello, min_tokens: 9, max_tokens: 3 }, "min_tokens"],
  ["n above the slots", { ...hello, n: 128 }, "n"],
  ["a prompt above the context", asking("word ".repeat(1_100)), "messages"],
  ["a token that is none, in logit_bias", { ...hello, logit_bias: { 4096: 1 } }, "logit_bias"],
  ["129 stops", { ...hello, stop: Array.from({ length: 129 }, (_, i) => String(i)) }, "stop"],
  ["a long stop", { ...hello, stop: ["a", "x".repeat(1_025)] }, "stop[1]"],
  ["an unknown sampler", { ...hello, samplers: ["top_k", "magic"] }, "samplers[1]"],
  ["a repeat_penalty that llama.cpp cannot divide by", { ...hello, repeat_penalty: 1e-30 }, "repeat_penalty"],
  ["a grammar that is none", { ...hello, grammar: "root ::= (" }, "grammar"],
  [
    "a grammar that nests too deep",
    { ...hello, grammar: `root ::= ${"(".repeat(20_000)}"a"${")".repeat(20_000)}` },
    "grammar",
  ],
  ["a grammar that recurses to the left", { ...hello, grammar: 'root ::= root "a"' }, "grammar"],
  ["a schema that nothing satisfies", { ...hello, json_schema: { type: "nonsense" } }, "json_schema"],
  ["two formats", { ...hello, json_schema: {}, grammar: 'root ::= "a"' }, "json_schema"],
  [
    "a format and a forced call",
    { ...hello, json_schema: {}, tools: [getWeather], tool_choice: "required" },
    "json_schema",
  ],
  ["a grammar and tools", { ...hello, grammar: 'root ::= "a"', tools: [getWeather] }, "grammar"],
  ["a tool_choice without tools", { ...hello, tool_choice: "required" }, "tool_choice"],
  ["a template that is none", { ...hello, chat_template: "{% for %}" }, "chat_template"],
  [
    "a template that never ends",
    { ...hello, chat_template: "{% for i in range(99999999) %}{% for j in range(99999999) %}{% endfor %}{% endfor %}" },
    "chat_template",
  ],
  ["a template that raises", { ...hello, chat_template: "{{ raise_exception('no') }}" }, "messages"],
];

describe.each([false, true])("stream: %s", (stream) => {
  test.each(badChats)("a chat with %s is refused", async (_, body, param) => {
    expect(await server.refusal(chatPath, { ...body, stream })).toMatchObject({ status: 400, param });
  });
});

test.each<[string, object, string]>([
  ["a prompt that is a number", { prompt: 5 }, "prompt"],
  ["a token that is none", { prompt: [1, 4_096] }, "prompt"],
  ["such a token in a list of prompts", { prompt: [[1], [4_096]] }, "prompt[1]"],
  ["an empty prompt", { prompt: "" }, "prompt"],
  ["an empty prompt among others", { prompt: ["a", ""] }, "prompt[1]"],
  ["a long prompt among others", { prompt: ["a", "word ".repeat(1_100)] }, "prompt[1]"],
  ["logprobs above 20", { prompt: "a", logprobs: 21 }, "logprobs"],
  ["best_of below n", { prompt: "a", n: 2, best_of: 1 }, "best_of"],
  ["best_of in a stream", { prompt: "a", best_of: 2, stream: true }, "best_of"],
])("a completion with %s is refused", async (_, body, param) => {
  expect(await server.refusal(completionsPath, body)).toMatchObject({ status: 400, param });
});

test.each<[string, object, string]>([
  ["an empty input", { input: "" }, "input"],
  ["no inputs", { input: [] }, "input"],
  ["an empty input among others", { input: ["a", ""] }, "input[1]"],
  ["2049 inputs", { input: Array.from({ length: 2_049 }, () => "a") }, "input"],
  ["an input above the context", { input: ["a", "word ".repeat(3_000)] }, "input[1]"],
  ["a token that is none", { input: [4_096] }, "input"],
  ["more dimensions than there are", { input: "a", dimensions: 193 }, "dimensions"],
  ["0 dimensions", { input: "a", dimensions: 0 }, "dimensions"],
])("embeddings of %s are refused", async (_, body, param) => {
  expect(await server.refusal(embeddingsPath, body)).toMatchObject({ status: 400, param });
});

test.each<[string, string, number]>([
  ["no JSON", "{", 400],
  ["nothing", "", 400],
  ["a list", "[]", 400],
  ["NaN", '{"messages": [{"role": "user", "content": "hi"}], "temperature": NaN}', 400],
  ["an infinite number", '{"messages": [{"role": "user", "content": "hi"}], "temperature": 1e999}', 400],
  ["JSON that nests too deep", deep(100_000), 400],
  ["2 MB of one text", JSON.stringify(asking("x ".repeat(1_000_000))), 400],
  ["2 MB of many messages", JSON.stringify({ messages: Array.from({ length: 50_000 }, () => user) }), 400],
  ["2 MB of tools", JSON.stringify({ ...hello, tools: Array.from({ length: 20_000 }, () => getWeather) }), 400],
  ["9 MB", JSON.stringify(asking("x".repeat(9_000_000))), 413],
])("a body of %s is refused", async (_, body, status) => {
  expect((await server.refusal(chatPath, body)).status).toBe(status);
});

test("2 MB of text are embedded or refused, tokenized, and counted", async () => {
  const text = "x ".repeat(1_000_000);
  expect((await server.refusal(embeddingsPath, { input: text })).code).toBe("context_length_exceeded");
  expect((await server.refusal(completionsPath, { prompt: text })).code).toBe("context_length_exceeded");
  const count = await server.send("/extras/tokenize/count", { input: text });
  expect(((await count.json()) as { count: number }).count).toBeGreaterThan(500_000);
});

test("a refused path or method says what there is", async () => {
  expect(await server.refusal("/v1/chat/completion", hello)).toMatchObject({ status: 404, code: "not_found" });
  expect(await server.refusal("/v1/models/tiny-guide", hello)).toMatchObject({
    status: 405,
    code: "method_not_allowed",
  });
  expect(await server.refusal(chatPath, { ...hello, model: "x" })).toMatchObject({
    status: 404,
    code: "model_not_found",
  });
});

test("bytes that are no HTTP are answered by closing the connection", async () => {
  const { port, hostname } = new URL(server.tokenwire.url);
  const socket = connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {}).resume();
  socket.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 nonsense\r\n\r\n");
  await closed;
});
