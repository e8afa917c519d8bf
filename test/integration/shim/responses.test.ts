import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { expect, test } from "vitest";
import { z } from "zod";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { type ChatRequest, Role, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { ShimSettings } from "../../../settings/rest-settings.ts";
import type { FakeHandlers } from "../../support/fake-inference.ts";
import { chat, type TestShim, testShim } from "./support.ts";

const hello = { model: "tiny", input: "hello" };
const fn = { type: "function" as const, name: "f", parameters: { type: "object" }, strict: false };

/** A shim whose service answers "Hello", and what it was asked for. */
async function echoing(settings: Partial<ShimSettings> = {}) {
  const asked: ChatRequest[] = [];
  const shim = await testShim(
    {
      chat(request) {
        asked.push(request);
        return [chat.started(), chat.text("Hel"), chat.text("lo"), chat.finished()];
      },
    },
    settings,
  );
  return { shim, asked, [Symbol.asyncDispose]: () => shim[Symbol.asyncDispose]() };
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
    yield chat.call({ index: 1, id: "call_2", name: "patch", arguments: '{"input":"*** Begin"}' });
    yield chat.call({ index: 2, id: "call_3", name: "local_shell", arguments: '{"command":["ls"]}' });
    yield chat.call({ index: 3, id: "call_4", name: "mcp__files__read", arguments: "{}" });
    yield chat.finished(FinishReason.TOOL_CALLS);
  },
};

const agentTools = [
  fn,
  { type: "custom", name: "patch" },
  { type: "local_shell" },
  { type: "namespace", name: "mcp__files", description: "files", tools: [{ ...fn, name: "read" }] },
] as unknown as OpenAI.Responses.Tool[];

test("tells reasoning, text and calls as items, which the SDK's stream puts together as the whole response is", async () => {
  await using shim = await testShim(everything);
  const request = { ...hello, tools: agentTools, include: ["reasoning.encrypted_content" as const] };
  const whole = await shim.openai.responses.create(request);
  expect(whole).toMatchObject({
    object: "response",
    status: "completed",
    model: "tiny",
    output: [
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: "Let me think." }],
        encrypted_content: expect.any(String),
      },
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hello", annotations: [] }],
      },
      { type: "function_call", call_id: "call_1", name: "f", arguments: '{"a":1}', status: "completed" },
      { type: "custom_tool_call", call_id: "call_2", name: "patch", input: "*** Begin" },
      { type: "local_shell_call", call_id: "call_3", action: { type: "exec", command: ["ls"] } },
      { type: "function_call", call_id: "call_4", name: "read", namespace: "mcp__files" },
    ],
    usage: { input_tokens: 7, input_tokens_details: { cached_tokens: 3 }, output_tokens: 2, total_tokens: 9 },
    output_text: "Hello",
  });
  const stream = shim.openai.responses.stream(request);
  const events: { type: string; sequence_number: number }[] = [];
  for await (const event of stream) events.push(event);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  const final = await stream.finalResponse();
  const plain = ({ output }: { output: readonly object[] }) =>
    output
      .map((item) => ({ ...item, id: "", parsed_arguments: undefined }))
      .map((item) =>
        JSON.stringify(item, (key, value: unknown) =>
          key === "parsed" || key === "parsed_arguments" ? undefined : value,
        ),
      );
  expect(plain(final)).toEqual(plain(whole));
  expect(events.slice(0, 2).map(({ type }) => type)).toEqual(["response.created", "response.in_progress"]);
  expect(events.at(-1)?.type).toBe("response.completed");
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.reasoning_text.delta",
      "response.reasoning_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_text.delta",
      "response.output_text.done",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.custom_tool_call_input.delta",
      "response.custom_tool_call_input.done",
      "response.completed",
    ]),
  );
});

test("gives reasoning as the summary that is asked for", async () => {
  await using shim = await testShim(everything);
  const stream = shim.openai.responses.stream({ ...hello, reasoning: { summary: "auto" } });
  const { output } = await stream.finalResponse();
  expect(output[0]).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text", text: "Let me think." }] });
  await expect(shim.openai.responses.create({ ...hello, reasoning: { summary: "concise" } })).rejects.toMatchObject({
    status: 400,
    param: "reasoning.summary",
  });
});

test("parses what follows a schema", async () => {
  await using shim = await testShim({
    *chat({ responseFormat }) {
      expect(responseFormat?.format).toMatchObject({ case: "jsonSchema", value: { name: "point", strict: true } });
      yield chat.started();
      yield chat.text('{"x":1}');
      yield chat.finished();
    },
  });
  const format = zodTextFormat(z.object({ x: z.number() }), "point");
  expect((await shim.openai.responses.parse({ ...hello, text: { format } })).output_parsed).toEqual({ x: 1 });
});

test.each([FinishReason.LENGTH, FinishReason.CONTEXT_FULL, FinishReason.INTERRUPTED])(
  "says that an answer which would have gone on is incomplete (%s)",
  async (reason) => {
    await using shim = await testShim({ chat: () => [chat.started(), chat.text("a"), chat.finished(reason)] });
    expect(await shim.openai.responses.create(hello)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
    });
  },
);

test("gives the service an agent's conversation in its own words, as Codex sends it", async () => {
  await using it = await echoing();
  const response = await it.shim.post("/v1/responses", {
    model: "tiny",
    instructions: "You are Codex.",
    input: [
      { type: "message", role: "developer", content: [{ type: "input_text", text: "sandbox" }] },
      { role: "user", content: "list files" },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAA-from-elsewhere" },
      { type: "reasoning", summary: [{ type: "summary_text", text: "I look." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Looking." }] },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "custom_tool_call", call_id: "c2", name: "patch", input: "x" },
      { type: "function_call", call_id: "c3", name: "read", namespace: "mcp__files", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "a.txt" },
      { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "done" }] },
      { type: "function_call_output", call_id: "c3", output: "text" },
    ],
    tools: [
      ...agentTools,
      { type: "tool_search", execution: "client" },
      { type: "web_search", external_web_access: true, search_content_types: ["text"] },
    ],
    tool_choice: "auto",
    parallel_tool_calls: false,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "session",
    client_metadata: { a: "b" },
    service_tier: "auto",
    text: { verbosity: "low" },
  });
  const told = await response.text();
  expect(response.status, told).toBe(200);
  expect(told).toContain("event: response.completed");
  const [request] = it.asked;
  const shown = request?.messages.map(({ role, content, toolCalls, toolCallId, reasoning }) => [
    role,
    content.map(({ part }) => (part.case === "text" ? part.value : "")).join(""),
    toolCalls.map(({ id, name, argumentsJson }) => `${id} ${name} ${argumentsJson}`),
    toolCallId + reasoning,
  ]);
  expect(shown).toEqual([
    [Role.SYSTEM, "You are Codex.", [], ""],
    [Role.DEVELOPER, "sandbox", [], ""],
    [Role.USER, "list files", [], ""],
    [Role.ASSISTANT, "Looking.", ["c1 f {}", 'c2 patch {"input":"x"}', "c3 mcp__files__read {}"], "I look."],
    [Role.TOOL, "a.txt", [], "c1"],
    [Role.TOOL, "done", [], "c2"],
    [Role.TOOL, "text", [], "c3"],
  ]);
  expect(request).toMatchObject({
    parallelToolCalls: false,
    reasoning: { enabled: true, effort: "medium" },
    toolChoice: { choice: { value: ToolChoiceMode.AUTO } },
  });
  expect(request?.tools.map(({ name }) => name)).toEqual(["f", "patch", "local_shell", "mcp__files__read"]);
  const warning = response.headers.get("warning") ?? "";
  for (const named of ["web_search", "tool_search", "prompt_cache_key", "client_metadata", "text.verbosity"])
    expect(warning).toContain(named);
});

test("reads back the encrypted reasoning that it made", async () => {
  await using it = await testShim(everything);
  const { output } = await it.openai.responses.create({ ...hello, include: ["reasoning.encrypted_content"] });
  const { encrypted_content } = output[0] as OpenAI.Responses.ResponseReasoningItem;
  await using again = await echoing();
  const item = { type: "reasoning" as const, id: "rs_1", summary: [], encrypted_content: encrypted_content ?? null };
  await again.shim.openai.responses.create({ ...hello, input: [item, { role: "user", content: "go on" }] });
  expect(again.asked[0]?.messages[0]).toMatchObject({ role: Role.ASSISTANT, reasoning: "Let me think." });
});

test("goes on from a response that was stored, with its items and not its instructions", async () => {
  await using it = await echoing();
  const { responses } = it.shim.openai;
  const first = await responses.create({ ...hello, instructions: "old" });
  expect(first).toMatchObject({ store: true });
  const second = await responses.create({ ...hello, input: "and now?", previous_response_id: first.id });
  await responses.create({ ...hello, input: "then?", previous_response_id: second.id, instructions: "new" });
  const said = it.asked
    .at(-1)
    ?.messages.map(({ role, content }) => [
      role,
      content.map(({ part }) => (part.case === "text" ? part.value : "")).join(""),
    ]);
  expect(said).toEqual([
    [Role.SYSTEM, "new"],
    [Role.USER, "hello"],
    [Role.ASSISTANT, "Hello"],
    [Role.USER, "and now?"],
    [Role.ASSISTANT, "Hello"],
    [Role.USER, "then?"],
  ]);
  expect(await responses.retrieve(second.id)).toMatchObject({ id: second.id, output_text: "Hello" });
  const items = await responses.inputItems.list(second.id);
  expect(items.data).toMatchObject([{ role: "user", content: "and now?" }]);
  const message = first.output[0] as OpenAI.Responses.ResponseOutputMessage;
  await responses.create({
    ...hello,
    input: [
      { type: "item_reference", id: message.id },
      { role: "user", content: "x" },
    ],
  });
  expect(it.asked.at(-1)?.messages[0]).toMatchObject({ role: Role.ASSISTANT });
  await responses.delete(first.id);
  await expect(responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
  await expect(responses.create({ ...hello, previous_response_id: second.id })).rejects.toMatchObject({
    status: 400,
    param: "previous_response_id",
  });
});

test("keeps nothing that is not to be stored, and nothing at all where storing is off", async () => {
  await using it = await echoing();
  const response = await it.shim.openai.responses.create({ ...hello, store: false });
  expect(response).toMatchObject({ store: false });
  const { id } = response;
  await expect(it.shim.openai.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await using off = await echoing({ responses_store: "off" });
  expect(await off.shim.openai.responses.create(hello)).toMatchObject({ store: false });
  for (const [fields, param] of [
    [{ store: true }, "store"],
    [{ background: true }, "background"],
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
  ] as const) {
    await expect(off.shim.openai.responses.create({ ...hello, ...fields })).rejects.toMatchObject({
      status: 400,
      param,
    });
  }
});

test("shows a response to the key that made it alone", async () => {
  await using it = await echoing({ api_key: ["one", "two"] });
  const as = (apiKey: string) => new OpenAI({ baseURL: `${it.shim.url}/v1`, apiKey, maxRetries: 0 }).responses;
  const { id, output } = await as("one").create(hello);
  expect((await as("one").retrieve(id)).id).toBe(id);
  const item = { type: "item_reference" as const, id: output[0]?.id ?? "" };
  await expect(as("two").retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(as("two").delete(id)).rejects.toMatchObject({ status: 404 });
  await expect(as("two").inputItems.list(id)).rejects.toMatchObject({ status: 404 });
  await expect(as("two").create({ ...hello, previous_response_id: id })).rejects.toMatchObject({ status: 400 });
  await expect(as("two").create({ ...hello, input: [item] })).rejects.toMatchObject({ status: 400 });
});

test("keeps responses on disk, for the next process too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenwire-responses-"));
  const settings = { responses_store: "disk" as const, responses_store_path: folder };
  try {
    await using first = await echoing(settings);
    const { id } = await first.shim.openai.responses.create(hello);
    expect(readdirSync(folder)).toEqual([`${id}.json`]);
    writeFileSync(join(folder, "stranger.json"), "{");
    await using second = await echoing(settings);
    expect((await second.shim.openai.responses.retrieve(id)).id).toBe(id);
    rmSync(folder, { recursive: true });
    // A disk that takes nothing: the answer is there all the same.
    expect(await second.shim.openai.responses.create(hello)).toMatchObject({ store: false, output_text: "Hello" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A service whose answer goes on when it is told to. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const handlers: FakeHandlers = {
    async *chat(_, { signal }) {
      signal?.addEventListener("abort", () => aborted.resolve());
      yield chat.started();
      yield chat.text("Hel");
      await gate.promise;
      yield chat.text("lo");
      yield chat.finished();
    },
  };
  return { handlers, open: gate.resolve, aborted: aborted.promise };
}

test("makes a response in the background, which is polled, streamed from any event on, and survives its reader", async () => {
  const it = gated();
  await using shim = await testShim(it.handlers);
  const { responses } = shim.openai;
  const queued = await responses.create({ ...hello, background: true });
  expect(queued).toMatchObject({ status: "queued", output: [], background: true });
  await expect.poll(async () => (await responses.retrieve(queued.id)).status).toBe("in_progress");
  const live = await responses.retrieve(queued.id, { stream: true });
  const seen: OpenAI.Responses.ResponseStreamEvent[] = [];
  for await (const event of live) {
    seen.push(event);
    if (event.type === "response.output_text.delta") break;
  }
  expect(seen.slice(0, 3).map(({ type }) => type)).toEqual([
    "response.created",
    "response.queued",
    "response.in_progress",
  ]);
  it.open();
  await expect.poll(async () => (await responses.retrieve(queued.id)).status).toBe("completed");
  const rest: OpenAI.Responses.ResponseStreamEvent[] = [];
  const last = seen.at(-1)?.sequence_number ?? 0;
  for await (const event of await responses.retrieve(queued.id, { stream: true, starting_after: last }))
    rest.push(event);
  expect(rest[0]).toMatchObject({ type: "response.output_text.delta", delta: "lo", sequence_number: last + 1 });
  expect(rest.at(-1)).toMatchObject({ type: "response.completed" });
  expect((await responses.retrieve(queued.id)).output_text).toBe("Hello");
});

test("stops a response in the background that is cancelled, and frees its slot", async () => {
  const it = gated();
  await using shim = await testShim(it.handlers);
  const { responses } = shim.openai;
  const { id } = await responses.create({ ...hello, background: true });
  await expect.poll(async () => (await responses.retrieve(id)).status).toBe("in_progress");
  expect((await responses.cancel(id)).status).toBe("cancelled");
  await it.aborted;
  await expect.poll(async () => (await responses.retrieve(id)).status).toBe("cancelled");
  expect((await responses.cancel(id)).status).toBe("cancelled");
});

test("a response in the background that fails says so", async () => {
  await using shim = await testShim({
    chat: () => {
      throw new RpcError(ErrorReason.OVERLOADED, "full");
    },
  });
  const { id } = await shim.openai.responses.create({ ...hello, background: true });
  await expect
    .poll(async () => shim.openai.responses.retrieve(id))
    .toMatchObject({ status: "failed", error: { code: "overloaded", message: "full" } });
});

test("leaves out the oldest turns where truncation allows it, and refuses otherwise", async () => {
  const asked: ChatRequest[] = [];
  const wordsIn = (messages: ChatRequest["messages"]) => messages.length;
  await using shim = await testShim({
    chat(request) {
      asked.push(request);
      if (wordsIn(request.messages) > 4)
        throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, "too long", { param: "messages" });
      return [chat.started(), chat.finished()];
    },
    countTokens: ({ messages }) => ({ tokens: wordsIn(messages) }),
    listModels: () => ({ models: [{ id: "tiny", details: { contextLength: 5 } }] }),
  });
  const turn = (n: number) => [
    { role: "user" as const, content: `u${n}` },
    { role: "assistant" as const, content: `a${n}` },
  ];
  const input = [...turn(1), ...turn(2), ...turn(3), { role: "user" as const, content: "last" }];
  await shim.openai.responses.create({ ...hello, instructions: "s", input, truncation: "auto" });
  expect(asked.at(-1)?.messages.map(({ content }) => content[0]?.part.value)).toEqual(["s", "u3", "a3", "last"]);
  await expect(shim.openai.responses.create({ ...hello, input })).rejects.toMatchObject({
    status: 400,
    code: "context_length_exceeded",
    param: "input",
  });
});

test("counts input tokens, earlier responses included", async () => {
  await using shim = await testShim({
    chat: () => [chat.started(), chat.text("Hello"), chat.finished()],
    countTokens: ({ messages }) => ({ tokens: messages.length }),
  });
  const { id } = await shim.openai.responses.create(hello);
  const count = await shim.openai.responses.inputTokens.count({ ...hello, previous_response_id: id });
  expect(count).toEqual({ object: "response.input_tokens", input_tokens: 3 });
});

test("ends a stream that fails midway with the failed response and an error, and a whole answer with its status", async () => {
  await using shim = await testShim({
    *chat() {
      yield chat.started();
      yield chat.text("Hel");
      throw new RpcError(ErrorReason.WORKER_LOST, "the model's process ended");
    },
  });
  const text = await (await shim.post("/v1/responses", { ...hello, stream: true })).text();
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as { type: string });
  expect(events.slice(-2)).toMatchObject([
    {
      type: "response.failed",
      response: { status: "failed", error: { code: "worker_lost" }, output: [{ content: [{ text: "Hel" }] }] },
    },
    { type: "error", code: "worker_lost", message: "the model's process ended", sequence_number: events.length - 1 },
  ]);
  await expect(shim.openai.responses.create(hello)).rejects.toMatchObject({ status: 503, code: "worker_lost" });
});

test.each([
  [{ input: [{ role: "user", content: [{ type: "input_file", file_id: "x" }] }] }, "input[0].content[0]"],
  [{ input: [{ type: "web_search_call", id: "w", status: "completed" }] }, "input[0]"],
  [{ input: [{ role: "bot", content: "a" }] }, "input[0].role"],
  [{ input: [] }, "input"],
  [{ tools: [{ type: "web_search" }] }, "tools[0]"],
  [{ tools: [fn, { type: "web_search" }] }, "tools[1]"],
  [{ tools: [fn, { type: "web_search_preview" }] }, "tools[1]"],
  [{ tools: [fn, { type: "image_generation", output_format: "png" }] }, "tools[1]"],
  [{ tools: [fn, { type: "tool_search" }] }, "tools[1]"],
  [{ tools: [{ type: "web_search", external_web_access: true }] }, "tools[0]"],
  [{ tools: [{ type: "web_search", external_web_access: true }, fn], tool_choice: "required" }, "tools[0]"],
  [{ tools: [{ type: "file_search", vector_store_ids: ["v"] }] }, "tools[0]"],
  [{ tools: [fn, { type: "code_interpreter", container: { type: "auto" } }] }, "tools[1]"],
  [{ tools: [{ type: "mcp", server_label: "x" }] }, "tools[0]"],
  [{ tools: [fn, fn] }, "tools[1].name"],
  [{ tools: [fn], tool_choice: { type: "function", name: "x" } }, "tool_choice.name"],
  [{ tools: [fn], tool_choice: { type: "web_search" } }, "tool_choice"],
  [{ tool_choice: "required" }, "tool_choice"],
  [{ conversation: "conv_1" }, "conversation"],
  [{ prompt: { id: "p" } }, "prompt"],
  [{ max_tokens: 5 }, "max_tokens"],
  [{ messages: [] }, "messages"],
  [{ response_format: { type: "json_object" } }, "response_format"],
  [{ reasoning_effort: "low" }, "reasoning_effort"],
  [{ text: { verbosity: "loud" } }, "text.verbosity"],
  [{ service_tier: "flex" }, "service_tier"],
  [{ background: true, store: false }, "store"],
  [{ include: ["nothing"] }, "include[0]"],
  [{ previous_response_id: "resp_x" }, "previous_response_id"],
  [{ input: [{ type: "item_reference", id: "msg_x" }] }, "input[0].id"],
])("refuses %j and names %s", async (fields, param) => {
  await using shim = await testShim(everything);
  const response = await shim.post("/v1/responses", { ...hello, ...fields });
  const { error } = (await response.json()) as { error: { param: string; message: string } };
  expect([response.status, error.param]).toEqual([400, param]);
});

test("says the right name for another API's field", async () => {
  await using shim = await testShim(everything);
  const messageFor = async (fields: object) => {
    const { error } = (await (await shim.post("/v1/responses", { ...hello, ...fields })).json()) as {
      error: { message: string };
    };
    return error.message;
  };
  expect(await messageFor({ max_tokens: 5 })).toContain("max_output_tokens");
  expect(await messageFor({ response_format: {} })).toContain("text.format");
  expect(await messageFor({ messages: [] })).toContain("input");
});

test("names the service's refusals by the request's own places", async () => {
  const refuse = async (param: string, fields: object) => {
    await using shim = await testShim({
      chat: () => {
        throw new RpcError(ErrorReason.INVALID_PARAMETER, `${param} is wrong`, { param });
      },
    });
    const body = (await (await shim.post("/v1/responses", { ...hello, ...fields })).json()) as {
      error: { param: string };
    };
    return body.error.param;
  };
  const input = [
    { role: "user", content: "a" },
    { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
  ];
  expect(await refuse("messages[2]", { instructions: "s", input })).toBe("input[1]");
  expect(await refuse("tools[3].function.parameters.type", { tools: agentTools })).toBe(
    "tools[3].tools[0].parameters.type",
  );
  expect(await refuse("max_tokens", {})).toBe("max_output_tokens");
  expect(await refuse("response_format.json_schema.schema.type", {})).toBe("text.format.schema.type");
});

test("cancels the call when the client leaves", async () => {
  const it = gated();
  await using shim = await testShim(it.handlers);
  const stream = shim.openai.responses.stream(hello);
  stream.on("response.output_text.delta", () => stream.abort());
  await expect(stream.done()).rejects.toThrow();
  await it.aborted;
});

test("refuses mutated bodies with 4xx in its own shape, and never fails on one", async () => {
  await using shim = await testShim({ ...everything, countTokens: () => ({ tokens: 1 }) });
  const whole = {
    ...hello,
    input: [
      { role: "user", content: [{ type: "input_text", text: "a" }] },
      { type: "reasoning", summary: [{ type: "summary_text", text: "x" }] },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "r" },
      { type: "local_shell_call", call_id: "s", action: { type: "exec", command: ["ls"] } },
    ],
    tools: agentTools,
    tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "f" }] },
    text: { format: { type: "json_schema", name: "a", schema: {} } },
    reasoning: { effort: "low" },
    include: ["message.output_text.logprobs"],
    metadata: { a: "b" },
    store: false,
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
      const response = await shim.post(
        count ? "/v1/responses/input_tokens" : "/v1/responses",
        replaced(whole, path, by),
      );
      expect(response.status).toBeLessThan(500);
      if (response.status !== 200)
        expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
      else await response.text();
    }),
    { numRuns: 150 },
  );
});

test("refuses what is asked of no response at all", async () => {
  await using shim: TestShim = await testShim({});
  for (const [method, path, status] of [
    ["GET", "/v1/responses/resp_x", 404],
    ["GET", "/v1/responses/resp_x?stream=true&starting_after=x", 400],
    ["GET", "/v1/responses/resp_x/input_items?limit=0", 400],
    ["POST", "/v1/responses/resp_x/cancel", 404],
    ["DELETE", "/responses/resp_x", 404],
    ["PUT", "/v1/responses", 405],
    ["POST", "/v1/responses/compact/x/y", 404],
  ] as const) {
    const response = await fetch(shim.url + path, { method });
    expect([path, response.status]).toEqual([path, status]);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } });
  }
});
