import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createValidator } from "../unit/engine/schema/validator.ts";
import {
  asking,
  chatPath,
  completionsPath,
  type ContractServer,
  startContractServer,
} from "./contract/contract-server.ts";
import { createEvent } from "./contract/example-tools.ts";

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/**
 * As wild as it gets: whatever still holds is held by the grammar. Without top_k the model draws bytes that are no UTF-8,
 * which grammars count otherwise than decoders do.
 */
const wild = { temperature: 1.5, top_p: 1, top_k: 100, min_p: 0 };
const question = asking("Reply in JSON with keys name and age: Alice is 30 years old.");
const reasoning = { chat_template_kwargs: { enable_thinking: true } };

const person = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 12 },
    age: { type: "integer", minimum: 0, maximum: 150 },
    born: { type: ["string", "null"], format: "date" },
  },
  required: ["name", "age", "born"],
  additionalProperties: false,
};
const tree = {
  $ref: "#/$defs/node",
  $defs: {
    node: {
      type: "object",
      properties: {
        value: { enum: [1, "two", null, [3]] },
        children: { type: "array", items: { $ref: "#/$defs/node" }, maxItems: 1 },
      },
      required: ["value", "children"],
      additionalProperties: false,
    },
  },
};
const loose = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
const union = {
  type: "array",
  prefixItems: [{ const: "point" }, { type: "number", minimum: -1, maximum: 1 }],
  items: {
    anyOf: [
      { type: "integer", multipleOf: 5 },
      { type: "string", pattern: "^x+$", maxLength: 5 },
    ],
  },
  minItems: 3,
  maxItems: 4,
};
const schemas = { person, event: createEvent.function.parameters, tree, loose, union };

const jsonSchema = (schema: object, strict?: boolean) => ({
  response_format: {
    type: "json_schema",
    json_schema: { name: "answer", schema, ...(strict !== undefined && { strict }) },
  },
});

describe("response_format", () => {
  test("json_object answers with an object, whatever the model would", async () => {
    const request = { ...asking("Hello!"), response_format: { type: "json_object" }, temperature: 1 };
    for (const json of await manyAnswers(request)) {
      expect(JSON.parse(json)).toBeInstanceOf(Object);
      expect(json).toMatch(/^{/);
    }
  });

  test.each(Object.entries(schemas))("json_schema answers with JSON that is valid: %s", async (_, schema) => {
    for (const strict of [true, undefined]) {
      expectAllValid(await manyAnswers({ ...question, ...jsonSchema(schema, strict) }), schema);
    }
  });

  test("is followed also when it is said in llama.cpp's or the replaced server's way", async () => {
    expectAllValid(await manyAnswers({ ...question, json_schema: person }), person);
    const withSchema = { type: "json_object", schema: person };
    expectAllValid(await manyAnswers({ ...question, response_format: withSchema }), person);
  });

  test("text, and null, leave the model alone", async () => {
    for (const format of [{ type: "text" }, null]) {
      const { choices } = await server.chat({ ...asking("Hello!"), temperature: 0, response_format: format });
      expect(choices[0]?.message.content).toBe("Hello! How can I help you today?");
    }
  });

  test("is followed by streams and by completions of text", async () => {
    const chunks = await server.chatStream({ ...question, ...jsonSchema(person), ...wild, seed: 4, max_tokens: 400 });
    expectAllValid([chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")], person);
    const prompt = "Here is Alice as JSON: ";
    const { choices } = await server.complete({
      prompt,
      ...jsonSchema(person),
      ...wild,
      max_tokens: 400,
      seed: 4,
      n: 4,
    });
    expectAllValid(
      choices.map(({ text }) => text),
      person,
    );
  });

  test("lets the model be right where it is", async () => {
    const schema = {
      ...person,
      required: ["name", "age"],
      properties: { name: person.properties.name, age: { type: "integer" } },
    };
    const { choices } = await server.chat({ ...question, ...jsonSchema(schema, true), temperature: 0 });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ name: "Alice", age: 30 });
  });

  test("ends with length where the limit cuts the JSON off", async () => {
    const { choices } = await server.chat({ ...question, ...jsonSchema(person), max_tokens: 5 });
    expect(choices[0]?.finish_reason).toBe("length");
  });
});

describe("reasoning", () => {
  test("comes before a structured answer", async () => {
    for (const format of [jsonSchema(person, true), { response_format: { type: "json_object" } }]) {
      const { choices, usage } = await server.chat({
        ...question,
        ...format,
        ...reasoning,
        temperature: 0,
        max_tokens: 400,
      });
      const message = choices[0]?.message;
      expect(message?.reasoning_content).toMatch(/\w{3}/);
      expect(JSON.parse(message?.content ?? "")).toMatchObject({ name: "Alice", age: 30 });
      expect(usage.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(3);
    }
  });

  test("does not shake the structure when it is wild", async () => {
    const request = { ...question, ...reasoning, ...jsonSchema(person), ...wild, temperature: 1, max_tokens: 600 };
    const answers = await Promise.all([1, 2, 3, 4].map((seed) => server.chat({ ...request, seed })));
    const ended = answers.flatMap(({ choices }) => choices).filter((choice) => choice.finish_reason === "stop");
    expect(ended.length).toBeGreaterThan(0);
    expectAllValid(
      ended.map(({ message }) => message.content ?? ""),
      person,
    );
  });
});

describe("a grammar", () => {
  const animals = 'root ::= "cat" | "dog"';

  test("is what the answer follows, in chats and completions", async () => {
    expect(new Set(await manyAnswers({ ...asking("Hello!"), grammar: animals }))).toEqual(new Set(["cat", "dog"]));
    const { choices } = await server.complete({ prompt: "a", grammar: animals, ...wild, n: 4 });
    for (const { text } of choices) expect(["cat", "dog"]).toContain(text);
  });

  test("that cannot be read is refused, also in a stream", async () => {
    for (const grammar of ["root ::= (", "rule ::= x", "root ::= root", "nonsense"]) {
      for (const stream of [false, true]) {
        expect(await server.refusal(chatPath, { ...question, grammar, stream })).toMatchObject({ param: "grammar" });
        expect(await server.refusal(completionsPath, { prompt: "a", grammar, stream })).toMatchObject({
          param: "grammar",
        });
      }
    }
  });
});

test("a schema that is malformed is refused with its place and under the request's own name for it", async () => {
  const odd = { type: "object", properties: { a: { type: "object", properties: [] } } };
  const refusals = [
    [jsonSchema(odd), "response_format.json_schema.schema"],
    [{ response_format: { type: "json_object", schema: odd } }, "response_format.schema"],
    [{ json_schema: odd }, "json_schema"],
  ] as const;
  for (const [format, param] of refusals) {
    for (const request of [
      { ...question, ...format },
      { ...question, ...format, stream: true },
    ]) {
      const refusal = await server.refusal(chatPath, request);
      expect(refusal).toMatchObject({ status: 400, param });
      expect(refusal.message).toContain("#/properties/a/properties");
    }
  }
});

describe("what no grammar can enforce of a schema", () => {
  const digits = { type: "array", items: { type: "integer", minimum: 0, maximum: 9 }, minItems: 3, maxItems: 3 };
  const loosely = (digit: object) => ({
    type: "object",
    properties: {
      tags: { ...digits, items: digit, uniqueItems: true },
      tel: { type: "string", format: "phone", maxLength: 5 },
    },
    required: ["tags", "tel"],
  });
  const places = ["#/properties/tags/uniqueItems", "#/properties/tel/format"];
  const warningOf = async (path: string, request: object) =>
    (await server.send(path, request)).headers.get("warning") ?? "";

  test("is refused with strict, and else named in the header, under the request's own name", async () => {
    const schema = loosely({ type: "integer", minimum: 0, maximum: 9 });
    const refusal = await server.refusal(chatPath, { ...question, ...jsonSchema(schema, true) });
    expect(refusal).toMatchObject({ status: 400, param: "response_format.json_schema.schema" });
    expect(refusal.message).toContain(places[0]);
    for (const [format, name] of [
      [jsonSchema(schema), "response_format.json_schema.schema"],
      [jsonSchema(schema, false), "response_format.json_schema.schema"],
      [{ json_schema: schema }, "json_schema"],
    ] as const) {
      for (const stream of [false, true]) {
        const warning = await warningOf(chatPath, { ...question, ...format, max_tokens: 60, stream });
        for (const place of places) expect(warning).toContain(`299 - "${name}${place} is not enforced"`);
      }
    }
  });

  test("is checked afterwards, and the header says how that went", async () => {
    // Ten digits are too many to be kept apart by the grammar; of two values a list of three has one twice.
    const request = { ...question, max_tokens: 120, temperature: 0 };
    const some = { type: "integer", minimum: 0, maximum: 1 };
    const twice = await warningOf(chatPath, { ...request, ...jsonSchema(loosely(some)) });
    expect(twice).toContain("choice 0 is not valid under the whole schema: #/tags must NOT have duplicate items");
    const text = {
      prompt: "Digits: ",
      ...jsonSchema({ ...digits, minItems: 1, maxItems: 2, contains: {}, not: { uniqueItems: true } }),
    };
    expect(await warningOf(completionsPath, { ...text, max_tokens: 60 })).toMatch(/choice 0 is (not )?valid under/);
    const one = { ...jsonSchema({ type: "string", format: "phone", enum: ["a", "b"] }), n: 2 };
    expect(await warningOf(chatPath, { ...request, ...one })).toBe("");
  });

  test("of a tool's arguments is told and checked like an answer", async () => {
    const parameters = loosely({ type: "integer", minimum: 0, maximum: 1 });
    const tool = { type: "function", function: { name: "f", parameters } };
    const request = { ...question, tools: [tool], tool_choice: "required", max_tokens: 150, temperature: 0 };
    const warning = await warningOf(chatPath, { ...request, parallel_tool_calls: false });
    expect(warning).toContain(`tools[0].function.parameters${places[0]} is not enforced`);
    expect(warning).toContain("choice 0 is not valid under the whole schema: #/tags");
    const refusal = await server.refusal(chatPath, {
      ...request,
      tools: [{ ...tool, function: { ...tool.function, strict: true } }],
    });
    expect(refusal).toMatchObject({ status: 400, param: "tools[0].function.parameters" });
  });
});

test("numbers are forced digit for digit, and members in the order of the schema", async () => {
  const schema =
    '{"type":"object","properties":{"10":{"const":1234567890123456789},"2":{"const":"a  b"}},"required":["10","2"]}';
  const body = `{"messages":[{"role":"user","content":"hi"}],"temperature":0,"json_schema":${schema}}`;
  const answer = (await (await server.send(chatPath, body)).json()) as { choices: { message: { content: string } }[] };
  expect(answer.choices[0]?.message.content.replaceAll(/[\s{}]+(?=["}]|$)/g, "")).toMatch(
    /^"10": ?1234567890123456789,"2": ?"a {2}b"/,
  );
});

/** The answers that came to their end: what is left open, a wild model may fill up to the limit. */
async function manyAnswers(request: object): Promise<string[]> {
  const { choices } = await server.chat({ ...wild, max_tokens: 150, n: 8, seed: 100, ...request });
  const ended = choices.filter((choice) => choice.finish_reason === "stop");
  expect(ended.length).toBeGreaterThan(2);
  return ended.map(({ message }) => message.content ?? "");
}

function expectAllValid(answers: readonly string[], schema: object): void {
  const isValid = createValidator(schema);
  for (const json of answers) expect(isValid(JSON.parse(json)), json).toBe(true);
}
