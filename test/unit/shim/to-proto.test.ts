import { describe, expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import {
  ChatRequestSchema,
  ContentForm,
  Role,
  ToolChoiceMode,
  type ChatRequest,
} from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { parseKeepingText } from "../../../clients/json/source-text.ts";
import { parseRequest } from "../../../shim/dialect/request/parse-request.ts";
import { chatRequestSchema } from "../../../shim/openai/schema/chat-request.ts";
import { chatToProto } from "../../../shim/openai/to-proto/chat.ts";

const user = { role: "user", content: "hello" };

function toProto(body: object): ChatRequest {
  return create(ChatRequestSchema, chatToProto(parseRequest(chatRequestSchema, { messages: [user], ...body }).request));
}

test("leaves what is not given unset, and what is null too", () => {
  const bare = toProto({});
  expect(
    Object.entries(bare.options ?? {}).filter(([, value]) => value !== undefined && !Array.isArray(value)),
  ).toEqual([
    ["$typeName", "tokenwire.v1.GenerationOptions"],
    ["reportProgress", false],
  ]);
  expect(bare).toMatchObject({ model: "", tools: [] });
  expect(bare.toolChoice ?? bare.reasoning ?? bare.responseFormat ?? bare.chatTemplateKwargs).toBeUndefined();
  expect(toProto({ temperature: null, n: null, stop: null, tools: null }).options).toEqual(bare.options);
});

test("keeps zeros, which are not unset", () => {
  expect(toProto({ temperature: 0, top_k: 0, min_p: 0, seed: 0, presence_penalty: 0 }).options).toMatchObject({
    temperature: 0,
    topK: 0,
    minP: 0,
    seed: 0,
    presencePenalty: 0,
  });
});

test("lets a newer request interrupt a stream, but not an answer that is waited for", () => {
  expect(toProto({ stream: true }).options?.interruptible).toBe(true);
  for (const stream of [false, null, undefined]) expect(toProto({ stream }).options?.interruptible).toBeUndefined();
});

test("hands every sampling parameter on", () => {
  const given = {
    temperature: 0.5, top_p: 0.9, presence_penalty: 1, frequency_penalty: -1, n: 2, top_k: 40, min_p: 0.05,
    typical_p: 0.8, top_n_sigma: 1.5, repeat_penalty: 1.1, repeat_last_n: -1, mirostat: 2, mirostat_tau: 5,
    mirostat_eta: 0.1, dynatemp_range: 0.2, dynatemp_exponent: 1.5, xtc_probability: 0.5, xtc_threshold: 0.1,
    dry_multiplier: 0.8, dry_base: 1.75, dry_allowed_length: 2, dry_penalty_last_n: -1,
    dry_sequence_breakers: ["\n"], samplers: ["top_k", "temperature"], min_tokens: 3, ignore_eos: true,
    cache_prompt: false, max_tokens: 9, stop: ["a", "b"],
  }; // prettier-ignore
  const names = Object.keys(given).map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  const { options } = toProto(given);
  expect(names.map((name) => (options as unknown as Record<string, unknown>)[name])).toEqual(Object.values(given));
});

test.each([
  [5, 5],
  [-5, 2 ** 32 - 5],
  [2 ** 32 + 7, 7],
  [-1, undefined],
])("folds the seed %d to %s", (seed, folded) => {
  expect(toProto({ seed }).options?.seed).toBe(folded);
});

test("reads logit_bias by id and by text", () => {
  const biasOf = (body: object) =>
    toProto(body).options?.logitBias.map(({ target, bias }) => [target.case, target.value, bias]);
  expect(biasOf({ logit_bias: { "15": -100, cat: 2 } })).toEqual([
    ["token", 15, -100],
    ["text", "cat", 2],
  ]);
  expect(biasOf({ logit_bias: { "15": 1 }, logit_bias_type: "tokens" })).toEqual([["text", "15", 1]]);
  expect(
    biasOf({
      logit_bias: [
        [7, false],
        ["dog", 1],
      ],
    }),
  ).toEqual([
    ["token", 7, -Infinity],
    ["text", "dog", 1],
  ]);
  expect(biasOf({ logit_bias: { "99999999999": 1 } })).toEqual([["text", "99999999999", 1]]);
});

test.each([
  [{ logprobs: true }, 0],
  [{ logprobs: true, top_logprobs: 5 }, 5],
  [{ logprobs: false }, undefined],
  [{ n_probs: 3 }, 3],
  [{ n_probs: 0 }, undefined],
  [{ logprobs: true, n_probs: 3 }, 3],
])("asks for log-probabilities by %j", (body, expected) => {
  expect(toProto(body).options?.topLogprobs).toBe(expected);
});

test.each([
  [{ reasoning_effort: "none" }, { enabled: false }],
  [{ reasoning_effort: "high" }, { enabled: true, effort: "high" }],
  [{ reasoning_budget: 0 }, { budgetTokens: 0 }],
  [
    { thinking_budget_tokens: 64, reasoning_effort: "low" },
    { enabled: true, effort: "low", budgetTokens: 64 },
  ],
])("asks for reasoning by %j", (body, expected) => {
  expect(toProto(body).reasoning).toMatchObject(expected);
});

test("an unlimited reasoning budget asks for nothing", () => {
  expect(toProto({ reasoning_budget: -1 }).reasoning).toBeUndefined();
});

describe("messages", () => {
  test("keep roles, names, parts, calls and reasoning", () => {
    const { messages } = toProto({
      messages: [
        { role: "developer", content: "rules", name: "ops" },
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
        {
          role: "assistant",
          content: null,
          reasoning_content: "hm",
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"x":1}' } }],
        },
        { role: "tool", tool_call_id: "c1", content: "42" },
        { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
        { role: "assistant", content: "", refusal: null, audio: null, annotations: [], function_call: null },
      ],
    });
    const text = (value: string) => ({ part: { case: "text", value } });
    expect(messages).toMatchObject([
      { role: Role.DEVELOPER, content: [text("rules")], name: "ops" },
      { role: Role.USER, content: [text("a"), text("b")] },
      {
        role: Role.ASSISTANT,
        content: [],
        reasoning: "hm",
        toolCalls: [{ id: "c1", name: "f", argumentsJson: '{"x":1}' }],
      },
      { role: Role.TOOL, content: [text("42")], toolCallId: "c1" },
      { role: Role.ASSISTANT, content: [text("no")] },
      { role: Role.ASSISTANT, content: [text("")] },
    ]);
  });

  test("pair a legacy function's result with its call", () => {
    const { messages } = toProto({
      messages: [
        user,
        { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
        { role: "function", name: "f", content: "42" },
      ],
    });
    const id = messages[1]?.toolCalls[0]?.id;
    expect(id).toBe("call_1_f");
    expect(messages[2]).toMatchObject({ role: Role.TOOL, toolCallId: id, name: "f" });
  });
});

describe("tools", () => {
  const tools = ["f", "g"].map((name) => ({
    type: "function",
    function: { name, parameters: { b: 1, a: 2 }, strict: true },
  }));

  test("keep their schema's key order", () => {
    expect(toProto({ tools }).tools[0]).toMatchObject({ name: "f", parametersJson: '{"b":1,"a":2}', strict: true });
  });

  test.each([
    ["none", { case: "mode", value: ToolChoiceMode.NONE }],
    ["auto", { case: "mode", value: ToolChoiceMode.AUTO }],
    ["required", { case: "mode", value: ToolChoiceMode.REQUIRED }],
    [
      { type: "function", function: { name: "g" } },
      { case: "name", value: "g" },
    ],
  ])("are chosen by %j", (tool_choice, choice) => {
    expect(toProto({ tools, tool_choice }).toolChoice?.choice).toEqual(choice);
  });

  test("that are not allowed are shown all the same", () => {
    const allowed = { mode: "required", tools: [{ type: "function", function: { name: "g" } }] };
    const request = toProto({ tools, tool_choice: { type: "allowed_tools", allowed_tools: allowed } });
    expect(request.tools.map(({ name }) => name)).toEqual(["f", "g"]);
    expect(request.toolChoice).toMatchObject({ choice: { value: ToolChoiceMode.REQUIRED }, allowed: ["g"] });
  });

  test("come as legacy functions too, one call at a time", () => {
    const request = toProto({ functions: [{ name: "f" }], function_call: { name: "f" } });
    expect(request).toMatchObject({ tools: [{ name: "f" }], parallelToolCalls: false });
    expect(request.toolChoice?.choice).toEqual({ case: "name", value: "f" });
  });
});

test.each([
  [{ response_format: { type: "json_object" } }, { case: "jsonObject" }],
  [
    { response_format: { type: "json_object", schema: { b: 1, a: 1 } } },
    { case: "jsonSchema", value: { schemaJson: '{"b":1,"a":1}' } },
  ],
  [
    { response_format: { type: "json_schema", json_schema: { name: "n", schema: {}, strict: true } } },
    { case: "jsonSchema", value: { name: "n", schemaJson: "{}", strict: true } },
  ],
  [{ grammar: 'root ::= "x"' }, { case: "gbnf", value: 'root ::= "x"' }],
  [{ json_schema: { type: "object" } }, { case: "jsonSchema", value: { schemaJson: '{"type":"object"}' } }],
])("takes the format of %j", (body, format) => {
  expect(toProto(body).responseFormat?.format).toMatchObject(format);
});

test("free text needs no format", () => {
  expect(toProto({ response_format: { type: "text" } }).responseFormat).toBeUndefined();
});

test("says how content was given, where templates can tell", () => {
  const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
  const parts = [{ type: "text", text: "a" }];
  const messages = [
    { role: "user", content: parts },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "assistant", tool_calls: [call] },
    { role: "assistant", content: "b" },
  ];
  expect(toProto({ messages }).messages.map(({ contentForm }) => contentForm)).toEqual([
    ContentForm.PARTS,
    ContentForm.NULL,
    ContentForm.UNSPECIFIED,
    ContentForm.UNSPECIFIED,
  ]);
});

test("hands template variables on as they are", () => {
  const kwargs = { enable_thinking: false, nested: { list: [1, "a", null] } };
  expect(toProto({ chat_template_kwargs: kwargs, chat_template: "{{ x }}" })).toMatchObject({
    chatTemplateKwargsJson: JSON.stringify(kwargs),
    chatTemplate: "{{ x }}",
  });
});

test("passes schemas on as they were written, digit for digit", () => {
  const parameters = '{ "type":"object", "properties": {"10": {"const": 1234567890123456789}, "2": {"const": 1.0}} }';
  const body = parseKeepingText(
    `{"temperature":1.0,"tools":[{"type":"function","function":{"name":"f","parameters":${parameters}}}],
      "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${parameters}}}}`,
  ) as object;
  const { tools, responseFormat } = toProto(body);
  expect(tools[0]?.parametersJson).toBe(parameters);
  expect(responseFormat?.format.value).toMatchObject({ schemaJson: parameters });
  const flat = parseKeepingText(`{"json_schema":${parameters}}`) as object;
  expect(toProto(flat).responseFormat?.format.value).toMatchObject({ schemaJson: parameters });
});
