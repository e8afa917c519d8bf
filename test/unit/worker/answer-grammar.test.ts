import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ErrorReason } from "../../../clients/errors.ts";
import { ChatRequestSchema, Role, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { createGbnfMatcher } from "../engine/schema/gbnf-matcher.ts";
import { createChatPrompter } from "../../../services/engine/text/chat-prompt.ts";
import { answerGrammar } from "../../../services/worker/jobs/answer/answer-grammar.ts";

const hermes = `{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.role }}:{{ m.content }}{% for c in m.tool_calls or [] %}{% if not loop.first %}{{ "\n" }}{% endif %}<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}<end>{% endfor %}assistant:`;
const reasoning = `{% for m in messages %}{{ m.content }}{% endfor %}<think>\n{# </think> #}`;

function grammarOf(request: MessageInitShape<typeof ChatRequestSchema>, template = hermes) {
  const prompter = createChatPrompter({ templates: { "": template }, bosToken: "", eosToken: "", addsBos: false });
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: "hi" } }] }];
  const full = create(ChatRequestSchema, { messages, ...request });
  return answerGrammar(full, prompter.prompt(full)).grammar;
}

/** What is told of the request's schemas: the field with the place. */
function unenforcedOf(request: MessageInitShape<typeof ChatRequestSchema>): string[] {
  const prompter = createChatPrompter({ templates: { "": hermes }, bosToken: "", eosToken: "", addsBos: false });
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: "hi" } }] }];
  const full = create(ChatRequestSchema, { messages, ...request });
  const { unenforced } = answerGrammar(full, prompter.prompt(full));
  return unenforced.map(({ param, pointer }) => `${param}${pointer}`);
}

/** The body of a rule. */
function rule(gbnf: string | undefined, name: string): string | undefined {
  return gbnf
    ?.split("\n")
    .find((line) => line.startsWith(`${name} ::=`))
    ?.slice(`${name} ::= `.length);
}

const city = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}';
const tools = [{ name: "weather", parametersJson: city }, { name: "time" }];
const mode = (value: ToolChoiceMode) => ({ choice: { case: "mode" as const, value } });
const json = { format: { case: "jsonObject" as const, value: {} } };
const schema = (schemaJson: string) => ({ format: { case: "jsonSchema" as const, value: { name: "x", schemaJson } } });

test("nothing is held to anything without a wish", () => {
  expect(grammarOf({})).toBeUndefined();
  expect(grammarOf({ tools, toolChoice: mode(ToolChoiceMode.NONE) })).toBeUndefined();
});

describe("an answer in a form", () => {
  const regex = { format: { case: "regex" as const, value: "[ab]{2}" } };
  const choice = (options: string[]) => ({ format: { case: "choice" as const, value: { options } } });

  test("is the whole of a text that matches a pattern, or one of several texts", () => {
    const pattern = createGbnfMatcher(grammarOf({ responseFormat: regex })?.gbnf ?? "");
    expect([pattern.matches("ab"), pattern.matches("abc"), pattern.matches("a")]).toEqual([true, false, false]);
    const texts = createGbnfMatcher(grammarOf({ responseFormat: choice(['say "yes"', "no"]) })?.gbnf ?? "");
    expect([texts.matches('say "yes"'), texts.matches("no"), texts.matches("yes")]).toEqual([true, true, false]);
  });

  test("may come after reasoning, and beside calls", () => {
    const thought = createGbnfMatcher(grammarOf({ responseFormat: choice(["no"]) }, reasoning)?.gbnf ?? "");
    expect([thought.matches("hm</think>no"), thought.matches("hm</think>yes")]).toEqual([true, false]);
    expect(grammarOf({ tools, responseFormat: regex })?.gbnf).toContain("tool-call");
  });

  test("that leaves nothing to choose from is refused", () => {
    for (const options of [[], [""], Array.from({ length: 1025 }, String)]) {
      expect(() => grammarOf({ responseFormat: choice(options) })).toThrow(
        expect.objectContaining({ param: expect.stringContaining("response_format.choice") as string }),
      );
    }
  });
});

describe("a forced call", () => {
  test("of any tool is written in the family's form, from the first token", () => {
    const grammar = grammarOf({ tools, toolChoice: mode(ToolChoiceMode.REQUIRED) });
    expect(rule(grammar?.gbnf, "tool-call")).toContain(
      String.raw`"<tool_call>\x0a{\"name\": \"weather\", \"arguments\": "`,
    );
    expect(rule(grammar?.gbnf, "tool-call")).toContain(String.raw`\"time\"`);
    expect(rule(grammar?.gbnf, "root")).toContain("tool-call)*");
  });

  test("of a named tool is one of that tool", () => {
    const toolChoice = { choice: { case: "name" as const, value: "time" } };
    const gbnf = grammarOf({ tools, toolChoice })?.gbnf;
    expect(rule(gbnf, "tool-call")).toContain("time");
    expect(rule(gbnf, "tool-call")).not.toContain("weather");
    expect(rule(gbnf, "root")).toBe("tool-call");
  });

  test("is the only one where one is allowed", () => {
    const request = { tools, toolChoice: mode(ToolChoiceMode.REQUIRED), parallelToolCalls: false };
    expect(rule(grammarOf(request)?.gbnf, "root")).toBe("tool-call");
  });

  test("cannot be combined with a response format", () => {
    const request = { tools, toolChoice: mode(ToolChoiceMode.REQUIRED), responseFormat: json };
    expect(() => grammarOf(request)).toThrow(
      expect.objectContaining({ reason: ErrorReason.UNSUPPORTED_PARAMETER, param: "response_format" }),
    );
  });
});

describe("a JSON answer", () => {
  test("is any object, or one of the schema", () => {
    expect(rule(grammarOf({ responseFormat: json })?.gbnf, "root")).toBe("json-object");
    const grammar = grammarOf({ responseFormat: schema(city) });
    expect(rule(grammar?.gbnf, "root")).toBe("answer");
    expect(grammar?.gbnf).toContain("city");
  });

  test("may be calls where there are tools, and only JSON where they are hidden", () => {
    const gbnf = grammarOf({ tools, responseFormat: json })?.gbnf;
    expect(rule(gbnf, "root")).toBe("(json-object | calls)");
    expect(rule(gbnf, "calls")).toContain("tool-call");
    const none = grammarOf({ tools, responseFormat: json, toolChoice: mode(ToolChoiceMode.NONE) });
    expect(rule(none?.gbnf, "root")).toBe("json-object");
  });

  test("comes after the reasoning that the prompt has begun", () => {
    const grammar = grammarOf({ responseFormat: json }, reasoning);
    expect(rule(grammar?.gbnf, "root")).toMatch(/^thought\S* .* json-object$/);
  });

  test("has no reasoning before it where the model is told not to think", () => {
    const closed = `{% for m in messages %}{{ m.content }}{% endfor %}{# <think> </think> #}{{ enable_thinking }}`;
    const rootOf = (request: Parameters<typeof grammarOf>[0]) => rule(grammarOf(request, closed)?.gbnf, "root");
    expect(rootOf({ responseFormat: json })).toMatch(/thought/);
    expect(rootOf({ responseFormat: json, reasoning: { enabled: false } })).toBe("json-object");
    expect(rootOf({ responseFormat: json, chatTemplateKwargs: { enable_thinking: false } })).toBe("json-object");
  });

  test("may be calls also of a tool whose schema cannot be enforced", () => {
    const odd = { name: "b", parametersJson: '{"properties":{"a":{"type":"nonsense"}}}' };
    expect(grammarOf({ tools: [odd], responseFormat: json })?.gbnf).toContain("tool-call");
    expect(() => grammarOf({ tools: [{ ...odd, strict: true }], responseFormat: json })).toThrow(
      expect.objectContaining({ param: "tools[0].function.parameters" }),
    );
  });

  test("whose schema is not JSON, or cannot be enforced, is refused with its place", () => {
    for (const wrong of ["{", '{"type":"nonsense"}']) {
      expect(() => grammarOf({ responseFormat: schema(wrong) })).toThrow(
        expect.objectContaining({ reason: ErrorReason.INVALID_PARAMETER, param: "response_format.json_schema.schema" }),
      );
    }
  });
});

test("what begins as a call is held to the tool's schema, and text is free", () => {
  const gbnf = grammarOf({ tools })?.gbnf;
  expect(gbnf).toContain("city");
  const { matches } = createGbnfMatcher(gbnf ?? "");
  expect(matches("The weather is fine <tool>")).toBe(true);
  expect(matches('Well:<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>')).toBe(true);
  expect(matches('<tool_call>\n{"name": "weather", "arguments": {"town": "Oslo"}}\n</tool_call>')).toBe(false);
});

test("a schema that cannot be enforced is left out where nobody asked for it, and refused where the tool is strict", () => {
  const tool = { name: "b", parametersJson: '{"properties":{"a":{"type":"nonsense"}}}' };
  expect(grammarOf({ tools: [tools[0] ?? tool, tool] })?.gbnf).toContain("city");
  expect(() => grammarOf({ tools: [tools[0] ?? tool, { ...tool, strict: true }] })).toThrow(
    expect.objectContaining({ param: "tools[1].function.parameters" }),
  );
});

test("a strict tool's calls are held to its schema when the model begins one, and text is free", () => {
  const gbnf = grammarOf({ tools: [{ ...tools[0], strict: true }] })?.gbnf;
  expect(gbnf).toContain("city");
  expect(createGbnfMatcher(gbnf ?? "").matches("No call.")).toBe(true);
});

test("a tool whose schema cannot be enforced is refused with its place", () => {
  const bad = [{ name: "a" }, { name: "b", parametersJson: '{"type":"nonsense"}' }];
  const named = { choice: { case: "name" as const, value: "b" } };
  for (const toolChoice of [mode(ToolChoiceMode.REQUIRED), named]) {
    expect(() => grammarOf({ tools: bad, toolChoice })).toThrow(
      expect.objectContaining({ param: "tools[1].function.parameters" }),
    );
  }
});

test("a grammar of the request's own is taken as it is", () => {
  const format = { format: { case: "gbnf" as const, value: 'root ::= "yes" | "no"' } };
  expect(grammarOf({ responseFormat: format })).toEqual({ gbnf: 'root ::= "yes" | "no"' });
});

describe("what no grammar can enforce", () => {
  const unique =
    '{"type":"object","properties":{"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true}}}';
  const tagged = { name: "tag", parametersJson: unique };

  test("is told with the field and the place, and with strict refused", () => {
    expect(unenforcedOf({ responseFormat: schema(unique) })).toEqual([
      "response_format.json_schema.schema#/properties/tags/uniqueItems",
    ]);
    const strict = { case: "jsonSchema" as const, value: { name: "x", schemaJson: unique, strict: true } };
    expect(() => grammarOf({ responseFormat: { format: strict } })).toThrow("#/properties/tags/uniqueItems");
  });

  test.each([ToolChoiceMode.AUTO, ToolChoiceMode.REQUIRED])("is told of tools, whatever their choice: %i", (value) => {
    const request = { tools: [...tools, tagged], toolChoice: mode(value) };
    expect(unenforcedOf(request)).toEqual(["tools[2].function.parameters#/properties/tags/uniqueItems"]);
    expect(() => grammarOf({ ...request, tools: [{ ...tagged, strict: true }] })).toThrow(
      expect.objectContaining({ param: "tools[0].function.parameters" }),
    );
  });

  test("is the whole schema where that is malformed and its tool need not be called", () => {
    const odd = { name: "b", parametersJson: '{"type":"object","properties":{"a":{"type":"nonsense"}}}' };
    expect(unenforcedOf({ tools: [odd, tools[0]!] })).toEqual(["tools[0].function.parameters#"]);
    expect(() => grammarOf({ tools: [odd], toolChoice: mode(ToolChoiceMode.REQUIRED) })).toThrow("#/properties/a/type");
  });
});

test.each(['{"type":"array"}', '{"type":["string","null"]}', '{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}'])(
  "arguments that are no object are refused: %s",
  (parametersJson) => {
    expect(() =>
      grammarOf({ tools: [{ name: "f", parametersJson }], toolChoice: mode(ToolChoiceMode.REQUIRED) }),
    ).toThrow(expect.objectContaining({ param: "tools[0].function.parameters" }));
  },
);
