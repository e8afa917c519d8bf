import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { type ChatRequest, PromptEnd, Role, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CountTokensRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { FakeHandlers } from "../../support/fake-inference.ts";
import { chat, type TestShim, testShim } from "./support.ts";

const hello = { model: "tiny", max_tokens: 64, messages: [{ role: "user" as const, content: "hello" }] };
const tools = [{ name: "f", input_schema: { type: "object" as const } }];

function sdk(shim: TestShim): Anthropic {
  return new Anthropic({ baseURL: shim.url, apiKey: "k", maxRetries: 0 });
}

/** What the service was asked for by a message request. */
async function asked(fields: object): Promise<{ request: ChatRequest; warning: string | null }> {
  let seen: ChatRequest | undefined;
  await using shim = await testShim({
    chat: (request) => {
      seen = request;
      return [chat.started(), chat.finished()];
    },
  });
  const response = await shim.post("/v1/messages", { ...hello, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  if (seen === undefined) throw new Error("nothing was asked");
  return { request: seen, warning: response.headers.get("warning") };
}

const everything: FakeHandlers = {
  *chat() {
    yield chat.started("tiny", 10, 4);
    yield chat.reasoning("Let me ");
    yield chat.reasoning("think.");
    yield chat.text("Hel");
    yield chat.text("lo");
    yield chat.call({ index: 0, id: "call_1", name: "f", arguments: "" });
    yield chat.call({ index: 0, arguments: '{"a":' });
    yield chat.call({ index: 0, arguments: "1}" });
    yield chat.call({ index: 1, id: "call_2", name: "g", arguments: "{}" });
    yield chat.finished(FinishReason.TOOL_CALLS);
  },
};

test("tells thinking, text and calls in Anthropic's events, which the SDK puts together as the whole answer is", async () => {
  await using shim = await testShim(everything);
  const whole = await sdk(shim).messages.create(hello);
  expect(whole).toMatchObject({
    type: "message",
    role: "assistant",
    model: "tiny",
    content: [
      { type: "thinking", thinking: "Let me think." },
      { type: "text", text: "Hello" },
      { type: "tool_use", id: "call_1", name: "f", input: { a: 1 } },
      { type: "tool_use", id: "call_2", name: "g", input: {} },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 4, cache_read_input_tokens: 3, cache_creation_input_tokens: 0, output_tokens: 2 },
  });
  const stream = sdk(shim).messages.stream(hello);
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  const { content, stop_reason } = await stream.finalMessage();
  expect({ content, stop_reason }).toEqual({ content: whole.content, stop_reason: whole.stop_reason });
  expect(types[0]).toBe("message_start");
  expect(types.slice(-2)).toEqual(["message_delta", "message_stop"]);
  expect(whole._request_id).toMatch(/^req_/);
});

test("hides the thinking that is to be omitted, and keeps its block", async () => {
  await using shim = await testShim(everything);
  const thinking = { type: "adaptive" as const, display: "omitted" as const };
  const { content } = await sdk(shim).messages.create({ ...hello, thinking });
  expect(content[0]).toMatchObject({ type: "thinking", thinking: "" });
});

test.each([
  [FinishReason.STOP, undefined, "end_turn", null],
  [FinishReason.STOP, "END", "stop_sequence", "END"],
  [FinishReason.LENGTH, undefined, "max_tokens", null],
  [FinishReason.INTERRUPTED, undefined, "max_tokens", null],
  [FinishReason.CONTEXT_FULL, undefined, "model_context_window_exceeded", null],
] as const)("says why it ended (%s, %s)", async (reason, stopSequence, stop_reason, stop_sequence) => {
  await using shim = await testShim({
    chat: () => [
      chat.started(),
      { event: { case: "finished", value: { reason, ...(stopSequence && { stopSequence }) } } },
    ],
  });
  expect(await sdk(shim).messages.create(hello)).toMatchObject({ content: [], stop_reason, stop_sequence });
});

test("gives the service a whole agent's conversation in its own words", async () => {
  const { request, warning } = await asked({
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    messages: [
      { role: "user", content: "a" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "s" },
          { type: "redacted_thinking", data: "x" },
          { type: "text", text: "b" },
          { type: "tool_use", id: "t1", name: "f", input: { x: 1 } },
          { type: "tool_use", id: "t2", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "r1" }] },
          { type: "tool_result", tool_use_id: "t2", is_error: true, content: "no such file" },
          { type: "text", text: "go on" },
        ],
      },
    ],
    tools: [{ type: "custom", ...tools[0], description: "does", strict: true }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    stop_sequences: ["END"],
    temperature: 0.5,
    top_k: 3,
    seed: 7,
    thinking: { type: "adaptive" },
    output_config: { effort: "high" },
  });
  const said = (content: ChatRequest["messages"][number]["content"]) => content.map(({ part }) => part.value);
  expect(request.messages.map(({ role, content, toolCallId }) => [role, said(content), toolCallId])).toEqual([
    [Role.SYSTEM, ["Be brief."], ""],
    [Role.USER, ["a"], ""],
    [Role.ASSISTANT, ["b"], ""],
    [Role.TOOL, ["r1"], "t1"],
    [Role.TOOL, ["Error: no such file"], "t2"],
    [Role.USER, ["go on"], ""],
  ]);
  expect(request.messages[2]).toMatchObject({
    reasoning: "hm",
    toolCalls: [
      { id: "t1", name: "f", argumentsJson: '{"x":1}' },
      { id: "t2", name: "f", argumentsJson: "{}" },
    ],
  });
  expect(request).toMatchObject({
    tools: [{ name: "f", description: "does", strict: true }],
    toolChoice: { choice: { case: "mode", value: ToolChoiceMode.REQUIRED } },
    parallelToolCalls: false,
    options: { maxTokens: 64, stop: ["END"], temperature: 0.5, topK: 3, seed: 7 },
    reasoning: { effort: "high" },
    promptEnd: PromptEnd.UNSPECIFIED,
  });
  expect(request.reasoning?.enabled).toBeUndefined();
  expect(warning).toContain("redacted_thinking");
});

test.each([
  [{}, { enabled: false }],
  [{ thinking: { type: "disabled" } }, { enabled: false }],
  [
    { thinking: { type: "enabled", budget_tokens: 1_024 }, max_tokens: 2_000 },
    { enabled: true, budgetTokens: 1_024 },
  ],
])("thinks as it is told, and without a word not at all: %j", async (fields, reasoning) => {
  expect((await asked(fields)).request.reasoning).toMatchObject(reasoning);
});

test("continues an assistant's message at the end", async () => {
  const messages = [...hello.messages, { role: "assistant", content: "It is" }];
  expect((await asked({ messages })).request.promptEnd).toBe(PromptEnd.CONTINUE);
  const empty = [...hello.messages, { role: "assistant", content: "" }];
  expect((await asked({ messages: empty })).request).toMatchObject({ promptEnd: 0, messages: [{ role: Role.USER }] });
});

test("leaves Claude Code's billing header out, so that the prompt begins as it did before", async () => {
  const system = (cch: string) => [
    { type: "text", text: `x-anthropic-billing-header: cc_version=2.1.77; cch=${cch};` },
    { type: "text", text: "You are Claude Code." },
  ];
  const [one, two] = await Promise.all([asked({ system: system("1") }), asked({ system: system("2") })]);
  expect(one.request.messages).toEqual(two.request.messages);
  expect(one.request.messages[0]?.content.map(({ part }) => part.value)).toEqual(["You are Claude Code."]);
  const text = "x-anthropic-billing-header: cc_version=1; cch=3;\nYou are Claude Code.";
  expect((await asked({ system: text })).request.messages).toEqual(one.request.messages);
});

test("clears the thinking of old turns where it is asked for", async () => {
  const turn = (n: number) => [
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: `t${n}`, signature: "" },
        { type: "text", text: "a" },
      ],
    },
    { role: "user", content: "b" },
  ];
  const messages = [...hello.messages, ...turn(1), ...turn(2)];
  const reasoningOf = async (keep: unknown) => {
    const edits = [{ type: "clear_thinking_20251015", keep }];
    const { request } = await asked({ messages, context_management: { edits } });
    return request.messages.filter(({ role }) => role === Role.ASSISTANT).map(({ reasoning }) => reasoning);
  };
  expect(await reasoningOf("all")).toEqual(["t1", "t2"]);
  expect(await reasoningOf({ type: "thinking_turns", value: 1 })).toEqual(["", "t2"]);
});

test("counts the tokens of what would be the prompt", async () => {
  let seen: CountTokensRequest | undefined;
  await using shim = await testShim({
    countTokens: (request) => {
      seen = request;
      return { tokens: 42 };
    },
  });
  const { model, messages } = hello;
  const thinking = { type: "enabled" as const, budget_tokens: 2_000 };
  const count = await sdk(shim).messages.countTokens({ model, messages, tools, system: "s", thinking });
  expect(count.input_tokens).toBe(42);
  expect(seen).toMatchObject({ tools: [{ name: "f" }], reasoning: { enabled: true } });
  expect(seen?.messages.map(({ role }) => role)).toEqual([Role.SYSTEM, Role.USER]);
});

test.each([
  [ErrorReason.INVALID_PARAMETER, 400, "invalid_request_error"],
  [ErrorReason.CONTEXT_LENGTH_EXCEEDED, 400, "invalid_request_error"],
  [ErrorReason.UNAUTHENTICATED, 401, "authentication_error"],
  [ErrorReason.MODEL_NOT_FOUND, 404, "not_found_error"],
  [ErrorReason.REQUEST_TOO_LARGE, 413, "request_too_large"],
  [ErrorReason.RATE_LIMITED, 429, "rate_limit_error"],
  [ErrorReason.OVERLOADED, 529, "overloaded_error"],
  [ErrorReason.MODEL_LOADING, 529, "overloaded_error"],
  [ErrorReason.MODEL_LOAD_FAILED, 500, "api_error"],
  [ErrorReason.DEADLINE, 504, "timeout_error"],
  [ErrorReason.INTERNAL, 500, "api_error"],
])("answers reason %s in Anthropic's shape, also before a stream begins", async (reason, status, type) => {
  await using shim = await testShim({
    chat: () => {
      throw new RpcError(reason, "no");
    },
  });
  for (const stream of [false, true]) {
    const response = await shim.post("/v1/messages", { ...hello, stream });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type, message: "no" },
      request_id: response.headers.get("request-id"),
    });
  }
});

test("has Anthropic's shape for what HTTP refuses on its paths, and where its version is said", async () => {
  await using shim = await testShim({}, { api_key: ["secret"] });
  const types = async (path: string, init: RequestInit) => {
    const response = await fetch(shim.url + path, init);
    const body = (await response.json()) as { type?: string; error: { type: string } };
    return [response.status, body.type, body.error.type];
  };
  const key = { "x-api-key": "secret" };
  expect(await types("/v1/messages", { method: "POST" })).toEqual([401, "error", "authentication_error"]);
  expect(await types("/v1/messages", { headers: key })).toEqual([405, "error", "invalid_request_error"]);
  expect(await types("/v1/messages/batches", { method: "POST", headers: key })).toEqual([
    404,
    "error",
    "not_found_error",
  ]);
  expect(await types("/v1/messages", { method: "POST", headers: key, body: "{" })).toEqual([
    400,
    "error",
    "invalid_request_error",
  ]);
  const version = { "anthropic-version": "2023-06-01" };
  expect(await types("/v1/nothing", { headers: { ...key, ...version } })).toEqual([404, "error", "not_found_error"]);
  expect(await types("/v1/nothing", { headers: key })).toEqual([404, undefined, "invalid_request_error"]);
});

test("ends a stream that fails midway with one error event", async () => {
  await using shim = await testShim({
    *chat() {
      yield chat.started();
      yield chat.text("Hel");
      throw new RpcError(ErrorReason.WORKER_LOST, "the model's process ended");
    },
  });
  const response = await shim.post("/v1/messages", { ...hello, stream: true });
  const last = (await response.text()).trim().split("\n\n").at(-1) ?? "";
  expect(last).toContain("event: error\n");
  expect(JSON.parse(last.slice(last.indexOf("{")))).toMatchObject({
    type: "error",
    error: { type: "overloaded_error", message: "the model's process ended" },
  });
  await expect(sdk(shim).messages.stream(hello).finalMessage()).rejects.toThrow("the model's process ended");
});

test.each([
  [{ messages: [{ role: "user", content: [{ type: "image", source: {} }] }] }, "messages[0].content[0]"],
  [{ messages: [{ role: "user", content: [{ type: "document", source: {} }] }] }, "messages[0].content[0]"],
  [{ messages: [{ role: "bot", content: "a" }] }, "messages[0].role"],
  [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0].type"],
  [{ tools: [...tools, ...tools] }, "tools[1].name"],
  [{ tools, tool_choice: { type: "tool", name: "x" } }, "tool_choice.name"],
  [{ tool_choice: { type: "any" } }, "tool_choice"],
  [{ max_tokens: undefined }, "max_tokens"],
  [{ max_tokens: 0 }, "max_tokens"],
  [{ temperature: 2.5 }, "temperature"],
  [{ thinking: { type: "enabled", budget_tokens: 2_000 } }, "thinking.budget_tokens"],
  [{ thinking: { type: "enabled", budget_tokens: 1 } }, "thinking.budget_tokens"],
  [{ context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }, "context_management.edits[0]"],
  [{ mcp_servers: [{ type: "url", url: "x", name: "y" }] }, "mcp_servers"],
  [{ speed: "fast" }, "speed"],
  [{ stop: ["a"] }, "stop_sequences"],
  [{ max_completion_tokens: 5 }, "max_tokens"],
  [{ response_format: { type: "json_object" } }, "output_config.format"],
])("refuses %j and names what it is about", async (fields, named) => {
  await using shim = await testShim(everything);
  const response = await shim.post("/v1/messages", { ...hello, ...fields });
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { message: string } };
  expect(error.message).toContain(named);
});

test("names the service's refusals by the request's own places", async () => {
  const refuse = async (param: string, fields: object) => {
    await using shim = await testShim({
      chat: () => {
        throw new RpcError(ErrorReason.INVALID_PARAMETER, `${param} is wrong`, { param });
      },
    });
    const body = (await (await shim.post("/v1/messages", { ...hello, ...fields })).json()) as {
      error: { message: string };
    };
    return body.error.message;
  };
  const results = ["t1", "t2"].map((tool_use_id) => ({ type: "tool_result", tool_use_id, content: "r" }));
  const messages = [{ role: "user", content: results }];
  expect(await refuse("messages[2]", { system: "s", messages })).toBe("messages[0].content[1] is wrong");
  expect(await refuse("tools[0].function.parameters.type", { tools })).toBe("tools[0].input_schema.type is wrong");
  expect(await refuse("stop[1]", {})).toBe("stop_sequences[1] is wrong");
  expect(await refuse("response_format.json_schema.schema", {})).toBe("output_config.format.schema is wrong");
});

test("knows two versions, and says what betas do", async () => {
  await using shim = await testShim(everything);
  const ask = (headers: Record<string, string>) => shim.post("/v1/messages", hello, { headers });
  expect((await ask({ "anthropic-version": "2022-01-01" })).status).toBe(400);
  const beta = await ask({ "anthropic-version": "2023-06-01", "anthropic-beta": "interleaved-thinking-2025-05-14" });
  expect(beta.status).toBe(200);
  expect(beta.headers.get("warning")).toContain("anthropic-beta");
});

test("lists models for those who say Anthropic's version, page by page", async () => {
  const models = ["a", "b", "c"].map((id) => ({ id, created: 1_700_000_000n }));
  await using shim = await testShim({
    listModels: () => ({ models }),
    getModel: ({ id }) => ({ model: { id, created: 0n } }),
  });
  const ids: string[] = [];
  for await (const model of sdk(shim).models.list({ limit: 2 })) ids.push(model.id);
  expect(ids).toEqual(["a", "b", "c"]);
  expect(await sdk(shim).models.retrieve("b")).toMatchObject({ type: "model", id: "b", display_name: "b" });
  expect((await shim.openai.models.list()).data.map(({ object }) => object)).toEqual(["model", "model", "model"]);
  await expect(sdk(shim).models.list({ limit: 0 })).rejects.toMatchObject({ status: 400 });
});

test("cancels the call when the client leaves", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using shim = await testShim({
    async *chat(_, { signal }) {
      yield chat.started();
      yield chat.text("a");
      signal?.addEventListener("abort", () => cancelled.resolve());
      await new Promise<void>(() => {});
    },
  });
  const stream = sdk(shim).messages.stream(hello);
  stream.on("text", () => stream.abort());
  await expect(stream.done()).rejects.toThrow();
  await cancelled.promise;
});

test("refuses mutated bodies with 4xx in its own shape, and never fails on one", async () => {
  await using shim = await testShim({ ...everything, countTokens: () => ({ tokens: 1 }) });
  const whole = {
    ...hello,
    system: [{ type: "text", text: "s" }],
    messages: [
      { role: "user", content: [{ type: "text", text: "a" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "r" }] },
    ],
    tools,
    tool_choice: { type: "auto" },
    stop_sequences: ["x"],
    thinking: { type: "disabled" },
    output_config: { effort: "low" },
    metadata: { user_id: "u" },
  };
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (path.length > 0) paths.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  walk(whole, []);
  const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
      string,
      unknown
    >;
    copy[key] = replaced(copy[key], rest, by);
    return copy;
  };
  const junk = fc.oneof(fc.jsonValue(), fc.constantFrom(null, "", -1, 1e30, [], {}, [[]], "\u0000", true));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), junk, fc.boolean(), async (path, by, count) => {
      const response = await shim.post(count ? "/v1/messages/count_tokens" : "/v1/messages", replaced(whole, path, by));
      expect(response.status).toBeLessThan(500);
      if (response.status !== 200)
        expect(await response.json()).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
      else await response.text();
    }),
    { numRuns: 150 },
  );
});
