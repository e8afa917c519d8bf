import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createValidator } from "../unit/engine/schema/validator.ts";
import {
  asking,
  chatPath,
  type ChatCompletion,
  type ContractServer,
  startContractServer,
} from "./contract/contract-server.ts";
import { add, createEvent, type ExampleTool, getWeather } from "./contract/example-tools.ts";

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const weatherQuestion = asking("What is the weather in Paris?");
const twoCities = asking("What is the weather in Paris and in Tokyo?");
const named = (name: string) => ({ type: "function", function: { name } });
/**
 * As wild as it gets: whatever still holds is held by the grammar. Without top_k the model draws bytes that are no UTF-8,
 * which grammars count otherwise than decoders do.
 */
const wild = { temperature: 1.5, top_p: 1, top_k: 100, min_p: 0, max_tokens: 300 };
const seeds = Array.from({ length: 12 }, (_, seed) => seed);

describe("tool_choice", () => {
  test("auto calls where the model wants to, and answers where it does not", async () => {
    for (const choice of [{}, { tool_choice: "auto" }, { tool_choice: null }]) {
      const tools = { tools: [getWeather], temperature: 0, ...choice };
      const called = await server.chat({ ...weatherQuestion, ...tools });
      expect(callsOf(called)).toMatchObject([{ name: "get_weather", arguments: { city: "Paris" } }]);
      expect(called.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
      const answered = await server.chat({ ...asking("Hello!"), ...tools });
      expect(answered.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: /Hello/ } });
    }
  });

  test("none never calls", async () => {
    const request = { ...weatherQuestion, tools: [getWeather], tool_choice: "none", temperature: 1, n: 8, seed: 1 };
    const { choices } = await server.chat(request);
    expect(choices.map(({ message }) => message.tool_calls)).toEqual(choices.map(() => undefined));
    expect(new Set(choices.map((choice) => choice.finish_reason))).not.toContain("tool_calls");
  });

  test.each([
    ["required", "required", [createEvent, add]],
    ["a name", named("create_event"), [createEvent]],
  ] as const)("%s calls one of the tools, whatever is said", async (_, choice, tools) => {
    const quiet = { reasoning_effort: "none" };
    const request = { ...asking("Hello!"), tools: [createEvent, add], tool_choice: choice, ...wild, ...quiet };
    const answers = await Promise.all(
      seeds.map((seed) => server.chat({ ...request, seed, parallel_tool_calls: false })),
    );
    for (const answer of answers) expectValidCalls(answer, tools);
    expect(answers.flatMap(({ choices }) => choices[0]?.message.reasoning_content ?? [])).toEqual([]);
    // A wild model may write its texts to the limit.
    const ended = answers.filter(({ choices }) => choices[0]?.finish_reason !== "length");
    expect(ended.length).toBeGreaterThan(seeds.length / 2);
    expect(ended.map((answer) => callsOf(answer).length)).toEqual(ended.map(() => 1));
  });

  test("allowed_tools lets the model call only those, and shows it all", async () => {
    const allowed = { mode: "required", tools: [named("add")] };
    const tools = { tools: [getWeather, add], tool_choice: { type: "allowed_tools", allowed_tools: allowed } };
    const answer = await server.chat({ ...weatherQuestion, ...tools, ...wild, parallel_tool_calls: false });
    expectValidCalls(answer, [add]);
    const all = await server.chat({ ...weatherQuestion, tools: tools.tools, max_tokens: 1 });
    expect(answer.usage?.prompt_tokens).toBe(all.usage?.prompt_tokens);
    // The model wants to call the weather here, which under auto it may not either.
    const free = { ...tools, tool_choice: { type: "allowed_tools", allowed_tools: { ...allowed, mode: "auto" } } };
    const answered = await server.chat({ ...weatherQuestion, ...free, temperature: 0, max_tokens: 40 });
    expect(callsOf(answered).map(({ name }) => name)).not.toContain("get_weather");
  });
});

describe("calls", () => {
  test("come several at once, unless parallel_tool_calls is false", async () => {
    const tools = { tools: [getWeather], temperature: 0 };
    const cities = (answer: ChatCompletion) => callsOf(answer).map((call) => call.arguments);
    expect(cities(await server.chat({ ...twoCities, ...tools }))).toEqual([{ city: "Paris" }, { city: "Tokyo" }]);
    for (const choice of ["auto", "required"]) {
      const alone = await server.chat({ ...twoCities, ...tools, tool_choice: choice, parallel_tool_calls: false });
      expect(cities(alone)).toEqual([{ city: "Paris" }]);
      expect(alone.choices[0]?.finish_reason).toBe("tool_calls");
    }
  });

  test.each([true, false, undefined])("have arguments that fit the schema (strict: %s)", async (strict) => {
    const tools = [getWeather, add, createEvent].map((it) => ({ ...it, function: { ...it.function, strict } }));
    const questions = ["What is the weather in Paris?", "What is 12 + 30?", "Create an event with title Lunch."];
    const answers = await Promise.all(
      seeds.flatMap((seed) => questions.map((question) => server.chat({ ...asking(question), tools, ...wild, seed }))),
    );
    for (const answer of answers) expectValidCalls(answer, [getWeather, add, createEvent]);
    expect(answers.flatMap(({ choices }) => choices[0]?.message.tool_calls ?? []).length).toBeGreaterThan(0);
  });

  test("stream as they come in one piece, log-probabilities too", async () => {
    const request = { ...twoCities, tools: [getWeather], temperature: 0, logprobs: true, top_logprobs: 2 };
    const whole = await server.chat(request);
    const chunks = await server.chatStream({ ...request, stream_options: { include_usage: true } });
    const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(deltas.length).toBeGreaterThan(6);
    const joined = [0, 1].map((index) =>
      deltas.flatMap((delta) => (delta.index === index ? [delta.function?.arguments ?? ""] : [])).join(""),
    );
    const calls = (whole.choices[0]?.message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(joined).toEqual(calls.map((call) => call.function.arguments));
    const logprobs = chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? []);
    expect(logprobs).toEqual(whole.choices[0]?.logprobs?.content);
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: whole.usage.completion_tokens });
  });

  test("that are cut off by the limit end with length", async () => {
    const tools = { tools: [getWeather], temperature: 0 };
    const whole = await server.chat({ ...weatherQuestion, ...tools });
    for (let max = 1; max < whole.usage.completion_tokens; max += 1) {
      const cut = await server.chat({ ...weatherQuestion, ...tools, max_tokens: max });
      expect(cut.choices[0]?.finish_reason).toBe("length");
      expect(cut.usage.completion_tokens).toBe(max);
    }
    const forced = { ...weatherQuestion, tools: [createEvent], tool_choice: "required", ...wild, max_tokens: 12 };
    expect((await server.chat(forced)).choices[0]?.finish_reason).toBe("length");
  });
});

test("functions and function_call are answered in their own form", async () => {
  const functions = [getWeather.function, add.function];
  const auto = await server.chat({ ...weatherQuestion, functions, temperature: 0 });
  expect(auto.choices[0]).toMatchObject({
    finish_reason: "function_call",
    message: { content: null, function_call: { name: "get_weather", arguments: '{"city": "Paris"}' } },
  });
  const choose = (function_call: unknown, question = "Hello!") =>
    server.chat({ ...asking(question), functions, function_call, ...wild, seed: 3 });
  expect((await choose("none", "What is the weather in Paris?")).choices[0]?.message.function_call).toBeUndefined();
  const forced = (await choose({ name: "add" })).choices[0]?.message.function_call;
  expect(forced?.name).toBe("add");
  expect(createValidator(add.function.parameters)(JSON.parse(forced?.arguments ?? ""))).toBe(true);

  const history = [
    ...weatherQuestion.messages,
    { role: "assistant", content: null, function_call: { name: "get_weather", arguments: '{"city": "Paris"}' } },
    { role: "function", name: "get_weather", content: '{"temperature": 21, "condition": "sunny"}' },
  ];
  const answered = await server.chat({ messages: history, functions, temperature: 0 });
  expect(answered.choices[0]?.message.content).toContain("21");
  const chunks = await server.chatStream({ ...weatherQuestion, functions, temperature: 0 });
  const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.function_call ?? []);
  expect(deltas.map(({ name }) => name).filter((name) => name !== undefined)).toEqual(["get_weather"]);
  expect(deltas.map((delta) => delta.arguments).join("")).toBe('{"city": "Paris"}');
});

test("earlier calls whose arguments are no JSON are shown to the model all the same", async () => {
  for (const json of ['{"city": "Par', "nonsense", "", "[1]"]) {
    const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: json } };
    const history = [
      ...weatherQuestion.messages,
      { role: "assistant", tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: '{"temperature": 21}' },
    ];
    const answer = await server.chat({ messages: history, tools: [getWeather], temperature: 0 });
    expect(answer.choices[0]?.message.content).toContain("21");
  }
});

test("a schema that cannot be enforced is refused where it must be, with its place", async () => {
  const odd = { type: "object", properties: { b: { type: "array", uniqueItems: true } } };
  const tools = (strict: boolean) => [
    getWeather,
    { type: "function", function: { name: "odd", strict, parameters: odd } },
  ];
  const refusal = await server.refusal(chatPath, { ...weatherQuestion, tools: tools(true) });
  expect(refusal).toMatchObject({ status: 400, param: "tools[1].function.parameters" });
  expect(refusal.message).toContain("#/properties/b");
  // Nobody asked for a guarantee here, so that the call is the model's own.
  const answer = await server.chat({ ...weatherQuestion, tools: tools(false), temperature: 0 });
  expect(callsOf(answer)).toMatchObject([{ name: "get_weather" }]);
});

function callsOf({ choices }: ChatCompletion): { name: string; arguments: unknown }[] {
  return (choices[0]?.message.tool_calls ?? []).map((call) => {
    if (call.type !== "function") throw new Error(`a call of type ${call.type}`);
    return { name: call.function.name, arguments: JSON.parse(call.function.arguments) as unknown };
  });
}

function expectValidCalls(answer: ChatCompletion, tools: readonly ExampleTool[]): void {
  if (answer.choices[0]?.finish_reason === "length") return;
  for (const call of callsOf(answer)) {
    const tool = tools.find((it) => it.function.name === call.name);
    expect(tool, call.name).toBeDefined();
    expect(createValidator(tool?.function.parameters ?? {})(call.arguments), JSON.stringify(call)).toBe(true);
  }
}
