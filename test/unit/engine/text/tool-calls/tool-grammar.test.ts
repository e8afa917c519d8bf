import { describe, expect, test } from "vitest";
import { createGrammarBuilder } from "../../../../../services/engine/schema/gbnf/grammar-builder.ts";
import { functionary32 } from "../../../../../services/engine/text/tool-calls/parsers/functionary.ts";
import { generic } from "../../../../../services/engine/text/tool-calls/parsers/generic.ts";
import { harmony } from "../../../../../services/engine/text/tool-calls/parsers/harmony.ts";
import { afterReasoning, type GrammarRules } from "../../../../../services/engine/text/tool-calls/reasoning-grammar.ts";
import {
  createToolGrammar,
  type ToolGrammarOptions,
} from "../../../../../services/engine/text/tool-calls/tool-grammar.ts";
import { createGbnfMatcher } from "../../schema/gbnf-matcher.ts";
import { hermes, llama3, mistral } from "../call-forms.ts";

/** Stands in for the schema compiler: a schema becomes a rule that shows it. */
function createRules(): GrammarRules & { readonly rules: Map<string, string> } {
  const rules = new Map<string, string>();
  return {
    rules,
    addSchema: (schema, ruleName, options) => {
      rules.set(ruleName, `<${JSON.stringify(schema)} of ${options?.param}>`);
      return ruleName;
    },
    addText: (hint, options) => {
      rules.set(hint, `<text ${JSON.stringify(options)}>`);
      return hint;
    },
    addPattern: (hint, pattern) => {
      rules.set(hint, `<pattern ${pattern}>`);
      return hint;
    },
    addRule: (name, body) => {
      if (rules.has(name)) throw new Error(`two rules ${name}`);
      rules.set(name, body);
      return name;
    },
    literal: (text) => JSON.stringify(text),
    toString: () => [...rules].map(([name, body]) => `${name} ::= ${body}\n`).join(""),
  };
}

const tools = [
  { name: "add", description: "", parameters: { type: "object", properties: {} } },
  { name: "now", description: "", parameters: undefined },
];

function grammar(options: Partial<ToolGrammarOptions>, rules: GrammarRules = createRules()) {
  return createToolGrammar(rules, {
    syntax: hermes.syntax,
    tools,
    choice: "required",
    parallel: true,
    reasoning: undefined,
    reasoningOpen: false,
    paramOf: ({ name }) => `the schema of ${name}`,
    ...options,
  });
}

test("forces calls with arguments by the tools' schemas", () => {
  expect(grammar({})).toEqual({
    gbnf: `add-arguments ::= <{"type":"object","properties":{}} of the schema of add>
now-arguments ::= <{"type":"object"} of the schema of now>
tool-call ::= "<tool_call>\\n{\\"name\\": \\"add\\", \\"arguments\\": " add-arguments "}\\n</tool_call>" | "<tool_call>\\n{\\"name\\": \\"now\\", \\"arguments\\": " now-arguments "}\\n</tool_call>"
root ::= tool-call ("\\n" tool-call)*
`,
  });
});

const rootOf = (options: Partial<ToolGrammarOptions>) => /^root ::= (.*)$/m.exec(grammar(options)?.gbnf ?? "")?.[1];

test("allows one call where there must not be several, or the family knows no more", () => {
  expect(rootOf({ parallel: false })).toBe("tool-call");
  expect(rootOf({ syntax: harmony.syntax })).toBe("tool-call");
  expect(rootOf({ syntax: mistral.syntax })).toBe('"[TOOL_CALLS][" tool-call (", " tool-call)* "]"');
});

test("lets the model choose: text without the beginning of a call, and calls", () => {
  const auto = grammar({ choice: "auto", reasoning: { start: "<think>", end: "</think>" } })?.gbnf;
  expect(auto).toContain('text ::= <text {"after":"","without":"(?:<tool_call>)"}>');
  expect(auto).toContain("answer ::= text (tool-call ([ \\n]{0,4} tool-call)*)?\n");
  expect(auto).toContain('root ::= ("<think>" thought "</think>" [ \\n]{0,4})? answer\n');
});

test("an unended thought is an answer where the model may choose", () => {
  const reasoning = { start: "<think>", end: "</think>" };
  expect(rootOf({ choice: "auto", reasoning, reasoningOpen: true })).toBe(
    'thought "</think>" [ \\n]{0,4} answer | answer',
  );
});

describe.each([llama3, generic])("objects that $name models write unasked", ({ syntax }) => {
  const schema = {
    type: "object",
    properties: { a: { type: "integer" } },
    required: ["a"],
    additionalProperties: false,
  };
  const two = [{ name: "add", description: "", parameters: schema }, tools[1]!];
  const gbnf = grammar({ syntax, tools: two, choice: "auto" }, createGrammarBuilder())?.gbnf ?? "";
  const { matches } = createGbnfMatcher(gbnf);

  test.each([
    "Hello!",
    '{"name": "Ann", "age": 3}',
    '[{"name": "Ann"}]',
    'The object {"name": "add"} is no call here.',
    '```json\n{"a": 1}\n```\nand more',
    "\n\n{",
    '{"name": "adder", "arguments": 7}',
    '{"name": "add", "arguments": {"a": 1}}',
    '{"name":"add","parameters":{"a": 1}}',
    'I look it up:\n{ "name" : "add",\n  "arguments": {"a": 1}\n}',
    '{"type": "function", "name": "add", "parameters": {"a": 1}}',
    '```json\n{"name": "add", "parameters": {"a": 1}}\n```',
    '[{"name": "now", "arguments": {}}]',
  ])("%j may be written", (text) => expect(matches(text)).toBe(true));

  test.each([
    '{"name": "add", "arguments": {"b": 1}}',
    '{"name": "add", "arguments": "none"}',
    '{"name":"add","parameters":{"a":"x"}}',
    '{"name": "add"}',
    'So:\n  {"name": "add", "arguments": [1]}',
    '[{"tool_name": "add", "args": {"a": "1"}}]',
    '```json\n{"name": "add", "parameters": {}}\n```',
    '{"name": "now", "arguments": {}} and text',
  ])("%j may not", (text) => expect(matches(text)).toBe(false));
});

test("python_tag begins a call of Llama's, and an address one of Functionary's", () => {
  const llama = createGbnfMatcher(
    grammar({ syntax: llama3.syntax, choice: "auto" }, createGrammarBuilder())?.gbnf ?? "",
  );
  expect(llama.matches('<|python_tag|>{"name": "now", "parameters": {}}')).toBe(true);
  expect(llama.matches('Now: <|python_tag|>{"name": "now", "parameters": 1}')).toBe(false);
  const { syntax } = functionary32;
  const addressed = createGbnfMatcher(grammar({ syntax, choice: "auto" }, createGrammarBuilder())?.gbnf ?? "");
  for (const text of ["all\nHello >>> you", "all\nLet me see.>>>now\n{}", "now\n{}", "nowhere\n"])
    expect(addressed.matches(text), text).toBe(true);
  for (const text of ["now\n7", "now\nHello", "all\nx>>>now\nlater"]) expect(addressed.matches(text), text).toBe(false);
});

test("more names than can be told from text leave the model alone", () => {
  const many = Array.from({ length: 400 }, (_, i) => ({
    name: `${i}-${"x".repeat(30)}`,
    description: "",
    parameters: undefined,
  }));
  expect(grammar({ syntax: generic.syntax, tools: many, choice: "auto" }, createGrammarBuilder())).toBeUndefined();
});

describe("reasoning before what is forced", () => {
  const reasoning = { start: "<think>", end: "</think>" };

  test("may be there, or must end where the prompt has begun it", () => {
    expect(rootOf({ parallel: false, reasoning })).toBe('("<think>" thought "</think>" [ \\n]{0,4})? tool-call');
    expect(rootOf({ parallel: false, reasoning, reasoningOpen: true })).toBe(
      'thought "</think>" [ \\n]{0,4} tool-call',
    );
  });

  test.each(["</think>", "[/THINK]", "<|end|><|start|>assistant", "<channel|>"])(
    "is any text up to the first %s",
    (end) => {
      const rules = createGrammarBuilder();
      rules.addRule("root", afterReasoning(rules, '"{}"', { reasoning: { start: "", end }, reasoningOpen: true }));
      const { matches } = createGbnfMatcher(rules.toString());
      const thoughts = ["", "Hm.\n", end.slice(0, -1), `${end.slice(0, 3)}${end.slice(0, 2)}`, "<|end|>", "{}", "äß🙂"];
      for (const thought of thoughts) {
        expect(matches(`${thought}${end}{}`), thought).toBe(true);
        expect(matches(`${thought}${end}\n\n{}`), thought).toBe(true);
        expect(matches(`${thought}{}`), thought).toBe(false);
        expect(matches(`${thought}${end}x{}`), thought).toBe(false);
        expect(matches(`${thought}${end}${thought}${end}{}`), thought).toBe(false);
      }
    },
  );
});
