import { create, type DescMessage } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatInput, embedInput, generationOptions } from "../../../clients/trpc/inputs.ts";
import { chatToProto, embedToProto } from "../../../clients/trpc/to-proto.ts";
import { ChatRequestSchema, PromptEnd, Role, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { GenerationOptionsSchema, TruncationSide } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { EmbedRequestSchema, Pooling } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { numberOptions } from "../../../clients/number-options.ts";

const namesOf = (schema: DescMessage) => schema.fields.map((field) => field.localName).sort();
/** Their text, for whom the digits of JSON's numbers matter: JavaScript has lost those already. */
const isText = (name: string) => name === "chatTemplateKwargsJson";
const keysOf = ({ shape }: { shape: object }) => Object.keys(shape).sort();

describe("the inputs of frontends", () => {
  test("have every field of the proto, by its name", () => {
    expect(keysOf(generationOptions)).toEqual(namesOf(GenerationOptionsSchema));
    expect(keysOf(chatInput)).toEqual(namesOf(ChatRequestSchema).filter((name) => !isText(name)));
    expect(keysOf(embedInput)).toEqual(namesOf(EmbedRequestSchema));
  });

  test("tell the ranges and defaults that the service has", () => {
    const { properties = {} } = z.toJSONSchema(generationOptions, { io: "input" });
    const told = Object.fromEntries(
      Object.entries(properties).flatMap(([name, schema]) =>
        typeof schema === "object" && schema.minimum !== undefined
          ? [[name, [schema.minimum, schema.maximum, schema.default]]]
          : [],
      ),
    );
    const checked = Object.entries(numberOptions).map(([name, range]) => {
      // zod says the bounds of whole numbers by their type.
      return [name, [range.min, range.max, "fallback" in range ? range.fallback : undefined]];
    });
    expect(told).toMatchObject(Object.fromEntries(checked));
  });

  test("a whole chat becomes the request that it means", () => {
    const input = chatInput.parse({
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
          name: "ann",
        },
        { role: "assistant", toolCalls: [{ id: "1", name: "f", arguments: "{}" }], reasoning: "hm" },
        { role: "tool", toolCallId: "1", content: "42" },
      ],
      tools: [{ name: "f", description: "d", parameters: { type: "object" }, strict: true }, { name: "g" }],
      toolChoice: { name: "f" },
      parallelToolCalls: false,
      responseFormat: { type: "jsonSchema", name: "s", schema: { b: 1, a: 2 } },
      options: {
        temperature: 0,
        maxTokens: 5,
        stop: ["x"],
        logitBias: [
          { token: 1, bias: -1 },
          { text: "t", bias: 2 },
        ],
        stopTokenIds: [7],
        truncation: { maxTokens: 9, side: "left" },
      },
      chatTemplateKwargs: { enable_thinking: false },
      chatTemplate: "{{ x }}",
      reasoning: { enabled: true, effort: "low", budgetTokens: 9 },
      promptEnd: "continue",
    });
    const request = create(ChatRequestSchema, chatToProto(input));
    expect(request).toMatchObject({
      model: "m",
      messages: [
        { role: Role.SYSTEM, content: [{ part: { case: "text", value: "Be brief." } }] },
        { role: Role.USER, content: [{ part: { value: "a" } }, { part: { value: "b" } }], name: "ann" },
        {
          role: Role.ASSISTANT,
          content: [],
          toolCalls: [{ id: "1", name: "f", argumentsJson: "{}" }],
          reasoning: "hm",
        },
        { role: Role.TOOL, toolCallId: "1", content: [{ part: { value: "42" } }] },
      ],
      tools: [
        { name: "f", description: "d", parametersJson: '{"type":"object"}', strict: true },
        { name: "g", description: "", parametersJson: "" },
      ],
      toolChoice: { choice: { case: "name", value: "f" } },
      parallelToolCalls: false,
      responseFormat: { format: { case: "jsonSchema", value: { name: "s", schemaJson: '{"b":1,"a":2}' } } },
      options: {
        temperature: 0,
        maxTokens: 5,
        stop: ["x"],
        logitBias: [
          { target: { case: "token", value: 1 }, bias: -1 },
          { target: { case: "text", value: "t" }, bias: 2 },
        ],
        stopTokenIds: [7],
        truncation: { maxTokens: 9, side: TruncationSide.LEFT },
      },
      chatTemplateKwargs: { enable_thinking: false },
      chatTemplate: "{{ x }}",
      reasoning: { enabled: true, effort: "low", budgetTokens: 9 },
      promptEnd: PromptEnd.CONTINUE,
    });
    expect(request.options?.topP).toBeUndefined();
  });

  test("what is not set stays unset", () => {
    const request = create(ChatRequestSchema, chatToProto({ messages: [] }));
    expect(request).toEqual(create(ChatRequestSchema, {}));
    expect(create(EmbedRequestSchema, embedToProto({ inputs: [] }))).toEqual(create(EmbedRequestSchema, {}));
  });

  test.each([
    { toolChoice: "required" as const, choice: { case: "mode", value: ToolChoiceMode.REQUIRED } },
    { toolChoice: "none" as const, choice: { case: "mode", value: ToolChoiceMode.NONE } },
    { toolChoice: "auto" as const, choice: { case: "mode", value: ToolChoiceMode.AUTO } },
  ])("tool choice $toolChoice is a mode", ({ toolChoice, choice }) => {
    expect(chatToProto({ messages: [], toolChoice }).toolChoice).toEqual({ choice });
  });

  test.each([
    { responseFormat: { type: "jsonObject" as const }, format: { case: "jsonObject", value: {} } },
    { responseFormat: { type: "gbnf" as const, grammar: "root ::= x" }, format: { case: "gbnf", value: "root ::= x" } },
    { responseFormat: { type: "regex" as const, pattern: "a+" }, format: { case: "regex", value: "a+" } },
    {
      responseFormat: { type: "choice" as const, options: ["a"] },
      format: { case: "choice", value: { options: ["a"] } },
    },
  ])("response format $responseFormat.type", ({ responseFormat, format }) => {
    expect(chatToProto({ messages: [], responseFormat }).responseFormat).toEqual({ format });
  });

  test("texts and tokens to embed", () => {
    const input = embedInput.parse({ inputs: ["a", [1, 2]], pooling: "mean", normalize: false, dimensions: 3 });
    expect(create(EmbedRequestSchema, embedToProto(input))).toMatchObject({
      inputs: [{ kind: { case: "text", value: "a" } }, { kind: { case: "tokens", value: { tokens: [1, 2] } } }],
      pooling: Pooling.MEAN,
      normalize: false,
      dimensions: 3,
    });
  });

  test.each([
    { options: { maxTokens: -1 } },
    { options: { maxTokens: 1.5 } },
    { options: { seed: 2 ** 32 } },
    { options: { topK: "4" } },
    { options: { templature: 1 } },
    { messages: [{ role: "user", content: [{ type: "image" }] }] },
    { responseFormat: { type: "jsonSchema", name: "s" } },
  ])("refuses %j", (wrong) => {
    expect(chatInput.safeParse({ messages: [], ...wrong }).success).toBe(false);
  });
});
