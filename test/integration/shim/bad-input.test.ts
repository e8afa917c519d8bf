import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chatRequestSchema } from "../../../shim/openai/schema/chat-request.ts";
import { completionRequestSchema } from "../../../shim/openai/schema/completion-request.ts";
import { embeddingRequestSchema } from "../../../shim/openai/schema/embedding-request.ts";
import { applyTemplateSchema } from "../../../shim/openai/schema/token-requests.ts";
import { rerankRequestSchema } from "../../../shim/openai/schema/rerank-request.ts";
import { chat, hello, type TestShim, testShim } from "./support.ts";

let shim: TestShim;

beforeAll(async () => {
  shim = await testShim({
    chat: ({ options }) => {
      const finished = Array.from({ length: options?.n ?? 1 }, (_, choice) => chat.finished(undefined, choice));
      return [chat.started(), chat.text("Hi"), ...finished];
    },
    complete: ({ options }) =>
      Array.from({ length: options?.n ?? 1 }, (_, choice) => ({
        choice,
        event: { case: "finished" as const, value: { reason: 1 } },
      })),
    embed: ({ inputs }) => ({ embeddings: inputs.map(() => ({ values: [1] })) }),
    rerank: ({ documents }) => ({ results: documents.map((_, index) => ({ index, score: 0.5 })) }),
    tokenize: () => ({ tokens: [1] }),
    detokenize: () => ({ text: "x" }),
    applyTemplate: () => ({ prompt: "x" }),
    listModels: () => ({ models: [] }),
  });
});

afterAll(() => shim.close(0));

const user = { role: "user", content: "hello" };
const tool = { type: "function", function: { name: "f", parameters: { type: "object" } } };
const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };

/** A change of a good chat request, the field that is at fault, and a word of the message. */
const badChat: [object, string, RegExp][] = [
  [{ messages: undefined }, "messages", /messages is required/],
  [{ messages: [] }, "messages", /at least 1 item/],
  [{ messages: "hello" }, "messages", /must be an array; got "hello"/],
  [{ messages: [{}] }, "messages[0].role", /required/],
  [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role", /"system" or "developer".*got "robot"/],
  [{ messages: [{ role: "user" }] }, "messages[0].content", /required/],
  [{ messages: [{ role: "user", content: null }] }, "messages[0].content", /must be a string or an array; got null/],
  [{ messages: [{ role: "user", content: 5 }] }, "messages[0].content", /string or an array; got 5/],
  [{ messages: [{ role: "user", content: [] }] }, "messages[0].content", /at least 1/],
  [{ messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] }, "messages[0].content[0].text", /string/],
  [
    { messages: [{ role: "user", content: [{ type: "video" }] }] },
    "messages[0].content[0].type",
    /"text" or "image_url" or "input_audio"; got "video"/,
  ],
  [{ messages: [user, { role: "assistant" }] }, "messages[1].content", /neither content nor tool_calls/],
  [{ messages: [user, { role: "tool", content: "x" }] }, "messages[1].tool_call_id", /required/],
  [{ messages: [user, { role: "function", content: "x" }] }, "messages[1].name", /required/],
  [
    { messages: [user, { role: "assistant", tool_calls: [{ ...call, function: { name: "f", arguments: {} } }] }] },
    "messages[1].tool_calls[0].function.arguments",
    /string; got an object/,
  ],
  [{ model: 5 }, "model", /string/],
  [{ temperature: "hot" }, "temperature", /must be a number; got "hot"/],
  [{ temperature: -0.1 }, "temperature", /at least 0/],
  [{ temperature: 2.1 }, "temperature", /at most 2; got 2.1/],
  [{ top_p: 1.5 }, "top_p", /at most 1/],
  [{ max_tokens: 0 }, "max_tokens", /at least 1/],
  [{ max_tokens: -5 }, "max_tokens", /at least 1/],
  [{ max_tokens: 1.5 }, "max_tokens", /an integer; got 1.5/],
  [{ max_tokens: 1e300 }, "max_tokens", /at most|integer/],
  [{ max_completion_tokens: 2 ** 40 }, "max_completion_tokens", /at most/],
  [{ max_tokens: 5, max_completion_tokens: 6 }, "max_completion_tokens", /mean the same/],
  [{ n: 0 }, "n", /at least 1/],
  [{ n: 129 }, "n", /at most 128/],
  [{ seed: 1.5 }, "seed", /integer/],
  [{ seed: "1" }, "seed", /number/],
  [{ stop: "" }, "stop", /at least 1 character/],
  [{ stop: Array.from({ length: 129 }, () => "x") }, "stop", /at most 128/],
  [{ stop: [1] }, "stop[0]", /string/],
  [{ logit_bias: { 5: 101 } }, "logit_bias.5", /at most 100/],
  [{ logit_bias: { 5: true } }, "logit_bias.5", /number or false/],
  [{ logit_bias: { cat: 1 }, logit_bias_type: "input_ids" }, "logit_bias", /"cat", which is not a token id/],
  [{ presence_penalty: 3 }, "presence_penalty", /at most 2/],
  [{ frequency_penalty: -3 }, "frequency_penalty", /at least -2/],
  [{ logprobs: 3 }, "logprobs", /boolean/],
  [{ top_logprobs: 3 }, "top_logprobs", /needs logprobs: true/],
  [{ logprobs: true, top_logprobs: 21 }, "top_logprobs", /at most 20/],
  [{ stream: "yes" }, "stream", /boolean/],
  [{ stream_options: { include_usage: true } }, "stream_options", /needs stream: true/],
  [{ tools: [{ type: "function" }] }, "tools[0].function", /required/],
  [{ tools: [{ ...tool, function: { name: "two words" } }] }, "tools[0].function.name", /letters, digits/],
  [{ tools: [tool, tool] }, "tools[1].function.name", /two tools named "f"/],
  [{ tool_choice: "required" }, "tool_choice", /no tools/],
  [{ tools: [tool], tool_choice: "sometimes" }, "tool_choice", /"none" or "auto" or "required"/],
  [
    { tools: [tool], tool_choice: { type: "function", function: { name: "g" } } },
    "tool_choice.function.name",
    /have: f/,
  ],
  [{ functions: [{ name: "f" }], tools: [tool] }, "functions", /old form of tools/],
  [{ functions: [{ name: "f" }], function_call: { name: "g" } }, "function_call.name", /have: f/],
  [{ function_call: { name: "g" } }, "function_call", /no functions/],
  [{ response_format: { type: "yaml" } }, "response_format.type", /"json_schema"; got "yaml"/],
  [{ response_format: { type: "json_schema" } }, "response_format.json_schema", /required/],
  [
    { response_format: { type: "json_schema", json_schema: { name: "a b" } } },
    "response_format.json_schema.name",
    /letters/,
  ],
  [{ response_format: { type: "json_object" }, grammar: "root ::= x" }, "grammar", /give one/],
  [{ json_schema: {}, grammar: "root ::= x" }, "json_schema", /grammar both say.*give one/],
  [{ json_schema: true }, "json_schema", /object/],
  [{ grammar: "" }, "grammar", /at least 1 character/],
  [{ reasoning_effort: "extreme" }, "reasoning_effort", /"none" or/],
  [{ reasoning_budget: -2 }, "reasoning_budget", /at least -1/],
  [{ chat_template_kwargs: [] }, "chat_template_kwargs", /object; got an array/],
  [{ top_k: -2 }, "top_k", /at least -1/],
  [{ repeat_penalty: 0 }, "repeat_penalty", /at least 0.1/],
  [{ mirostat: 3 }, "mirostat", /at most 2/],
  [{ mirostat: 1, mirostat_mode: 2 }, "mirostat_mode", /mean the same/],
  [{ samplers: "kp" }, "samplers", /array/],
  [{ dry_sequence_breakers: [] }, "dry_sequence_breakers", /at least 1/],
  [{ ignore_eos: 1 }, "ignore_eos", /boolean/],
];

test.each(badChat)("refuses a chat request with %j", async (change, param, message) => {
  const response = await shim.post("/v1/chat/completions", { ...hello, ...change });
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as {
    error: { message: string; param: string; code: string; type: string };
  };
  expect(error).toMatchObject({ type: "invalid_request_error", param, code: null });
  expect(error.message).toMatch(message);
});

/** What OpenAI has and this server has not. */
const unsupported: [object, string][] = [
  [
    {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "video_url", video_url: { url: "x" } },
          ],
        },
      ],
    },
    "messages[0].content[1]",
  ],
  [
    { messages: [user, { role: "assistant", content: [{ type: "image_url", image_url: "x" }] }] },
    "messages[1].content[0]",
  ],
  [{ messages: [{ role: "user", content: [{ type: "file", file: {} }] }] }, "messages[0].content[0]"],
  [{ messages: [user, { role: "assistant", audio: { id: "a" } }] }, "messages[1].audio"],
  [{ tools: [{ type: "custom", custom: { name: "f" } }] }, "tools[0]"],
  [{ tools: [tool], tool_choice: { type: "custom", custom: { name: "f" } } }, "tool_choice"],
  [{ audio: { voice: "alloy", format: "wav" } }, "audio"],
  [{ modalities: ["text", "audio"] }, "modalities"],
  [{ prediction: { type: "content", content: "x" } }, "prediction"],
  [{ web_search_options: {} }, "web_search_options"],
  [{ moderation: { model: "m" } }, "moderation"],
  [{ store: true }, "store"],
  [{ service_tier: "priority" }, "service_tier"],
  [{ verbosity: "low" }, "verbosity"],
  [{ prompt_cache_retention: "24h" }, "prompt_cache_retention"],
  [{ prompt_cache_options: { mode: "explicit" } }, "prompt_cache_options"],
];

test.each(unsupported)("says that it does not serve %j", async (change, param) => {
  const response = await shim.post("/v1/chat/completions", { ...hello, ...change });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "unsupported_parameter", param } });
});

test("takes null for unset, and values that ask for nothing", async () => {
  const nulls = Object.fromEntries(Object.keys(chatRequestSchema.shape).map((name) => [name, null]));
  expect((await shim.post("/v1/chat/completions", { ...nulls, ...hello })).status).toBe(200);
  const satisfied = {
    store: false,
    service_tier: "auto",
    modalities: ["text"],
    verbosity: "medium",
    prompt_cache_retention: "in_memory",
    tools: [],
    tool_choice: "none",
    response_format: { type: "text" },
    logit_bias: {},
  };
  const response = await shim.post("/v1/chat/completions", { ...hello, ...satisfied });
  expect(response.status).toBe(200);
  expect(response.headers.get("warning")).toBeNull();
  expect(await response.json()).toMatchObject({ service_tier: "default" });
});

test.each([
  [{ prompt: 5 }, "prompt"],
  [{ prompt: [] }, "prompt"],
  [{ prompt: ["a", 1] }, "prompt[1]"],
  [{ prompt: [[1], []] }, "prompt[1]"],
  [{ prompt: [-1] }, "prompt[0]"],
  [{ prompt: [2 ** 32] }, "prompt[0]"],
  [{ prompt: "a", best_of: 2, n: 3 }, "best_of"],
  [{ prompt: "a", best_of: 2, stream: true }, "best_of"],
  [{ prompt: "a", best_of: 129 }, "best_of"],
  [{ prompt: "a", logprobs: 21 }, "logprobs"],
  [{ prompt: "a", logprobs: true }, "logprobs"],
  [{ prompt: "a", max_tokens: -1 }, "max_tokens"],
  [{ prompt: "a", echo: "yes" }, "echo"],
  [{ prompt: "a", suffix: 1 }, "suffix"],
])("refuses a completion request with %j", async (body, param) => {
  const response = await shim.post("/v1/completions", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
});

test("refuses a million wrong items as quickly as one", async () => {
  const million = Array.from({ length: 1_000_000 }, () => 0.5);
  for (const [path, body] of [
    ["/v1/chat/completions", { messages: million }],
    ["/v1/chat/completions", { messages: [{ role: "user", content: million }] }],
    ["/v1/chat/completions", { ...hello, tools: million }],
    ["/v1/chat/completions", { ...hello, stop: million }],
    ["/v1/chat/completions", { ...hello, logit_bias: million }],
    ["/v1/completions", { prompt: million }],
    ["/v1/embeddings", { input: million }],
    ["/v1/rerank", { query: "a", documents: million }],
    ["/v1/rerank", { query: "a", texts: million }],
    ["/detokenize", { tokens: million }],
  ] as const) {
    const response = await shim.post(path, body);
    expect(response.status).toBe(400);
  }
});

const endpoints = [
  ["/v1/chat/completions", Object.keys(chatRequestSchema.shape), hello],
  ["/v1/completions", Object.keys(completionRequestSchema.shape), { prompt: "a" }],
  ["/v1/embeddings", Object.keys(embeddingRequestSchema.shape), { input: "a" }],
  ["/v1/rerank", Object.keys(rerankRequestSchema.shape), { query: "a", documents: ["b"] }],
  ["/extras/tokenize", ["input", "model"], { input: "a" }],
  ["/extras/tokenize/count", ["input", "model"], { input: "a" }],
  ["/extras/detokenize", ["tokens", "model"], { tokens: [1] }],
  ["/tokenize", ["content", "add_special", "parse_special", "with_pieces"], { content: "a" }],
  ["/detokenize", ["tokens", "model"], { tokens: [1] }],
  ["/apply-template", Object.keys(applyTemplateSchema.shape), { messages: [user] }],
] as const;

test.each(endpoints)("never answers a JSON body with a 5xx (%s)", { timeout: 60_000 }, async (path, names, good) => {
  const scalar = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(
      0,
      -1,
      1,
      1e308,
      -1e308,
      2 ** 32,
      2 ** 53,
      0.1,
      "",
      "a",
      "__proto__",
      "\ud800",
      true,
      false,
      null,
      {},
      [],
    ),
  );
  const messages = fc.array(
    fc.record(
      {
        role: fc.constantFrom("system", "developer", "user", "assistant", "tool", "function", "x"),
        content: fc.oneof(
          fc.string(),
          fc.array(fc.record({ type: fc.constantFrom("text", "refusal", "file"), text: fc.string() })),
          scalar,
        ),
        tool_calls: fc.array(fc.constant(call)),
        tool_call_id: fc.string(),
        name: fc.string(),
      },
      { requiredKeys: ["role"] },
    ),
  );
  const change = fc.dictionary(fc.constantFrom(...(names as readonly string[])), fc.oneof(scalar, scalar, messages), {
    maxKeys: 3,
  });
  const body = fc.oneof(
    { weight: 5, arbitrary: change.map((fields) => ({ ...good, ...fields })) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  await fc.assert(
    fc.asyncProperty(body, async (value) => {
      const response = await shim.post(path, value);
      const text = await response.text();
      expect(response.status, `${JSON.stringify(value)} → ${text}`).toBeLessThan(500);
      expect(response.ok || text.includes('"type":"invalid_request_error"')).toBe(true);
    }),
    { numRuns: 150 },
  );
});
