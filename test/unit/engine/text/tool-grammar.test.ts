import { describe, expect, test } from "vitest";
import { generic } from "../../../../services/engine/text/families/generic.ts";
import { harmony } from "../../../../services/engine/text/families/harmony.ts";
import { hermes } from "../../../../services/engine/text/families/hermes.ts";
import { mistral } from "../../../../services/engine/text/families/mistral.ts";
import { afterThinking, type GrammarRules } from "../../../../services/engine/text/thinking-grammar.ts";
import { createToolGrammar, type ToolGrammarOptions } from "../../../../services/engine/text/tool-grammar.ts";

/** Stands in for the schema compiler: a schema becomes a rule that shows it. */
function createRules(): GrammarRules & { readonly rules: Map<string, string> } {
  const rules = new Map<string, string>();
  return {
    rules,
    addSchema: (schema, ruleName, options) => {
      rules.set(ruleName, `<${JSON.stringify(schema)} of ${options?.param}>`);
      return ruleName;
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

function grammar(options: Partial<ToolGrammarOptions>) {
  return createToolGrammar(createRules(), {
    syntax: hermes.syntax,
    tools,
    choice: "required",
    parallel: true,
    thinking: undefined,
    thinkingOpen: false,
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

test("waits for the beginning of a call when the model may choose", () => {
  const auto = grammar({ choice: "auto", thinking: { start: "<think>", end: "</think>" } });
  expect(auto?.trigger).toBe("<tool_call>");
  expect(auto?.gbnf).toContain('root ::= tool-call ("\\n" tool-call)*\n');
  expect(grammar({ choice: "auto", syntax: generic.syntax })).toBeUndefined();
});

describe("reasoning before what is forced", () => {
  const thinking = { start: "<think>", end: "</think>" };

  test("may be there, or must end where the prompt has begun it", () => {
    expect(rootOf({ parallel: false, thinking })).toBe('("<think>" thought-0 [ \\n]{0,4})? tool-call');
    expect(rootOf({ parallel: false, thinking, thinkingOpen: true })).toBe("thought-0 [ \\n]{0,4} tool-call");
  });

  test.each(["</think>", "aab", "abab", "<|end|><|start|>"])("is any text up to the first %s", (end) => {
    const rules = createRules();
    afterThinking(rules, "x", { thinking: { start: "", end }, thinkingOpen: true });
    const letters = [...new Set(`${end}z`)];
    for (const text of texts(letters, 5).concat(`${end.slice(0, -1)}${end}`, `${end[0]}${end}`, `${end}z`, `z${end}`)) {
      const first = text.indexOf(end);
      const accepted = first !== -1 && first + end.length === text.length;
      expect([text, accepts(rules.rules, text)]).toEqual([text, accepted]);
    }
  });
});

/** All texts of some letters up to a length, as far as there are not too many. */
function texts(letters: readonly string[], length: number): string[] {
  let all = [""];
  for (let i = 0; i < length && all.length < 3000; i++) {
    all = [...new Set([...all, ...all.flatMap((text) => letters.map((letter) => text + letter))])];
  }
  return all;
}

/** Runs the rules of the thought, whose ways are `"c" rule`, `"c"` or `[^cc] rule`. */
function accepts(rules: ReadonlyMap<string, string>, text: string): boolean {
  let state: string | undefined = "thought-0";
  for (const char of text) {
    if (state === undefined) return false;
    const body: string = rules.get(state) ?? "";
    const literals = Array.from(body.matchAll(/"(.)"(?: (thought-\d+))?/g));
    const literal = literals.find(([, wanted]) => wanted === char);
    state = literal === undefined ? /\] (thought-\d+)/.exec(body)?.[1] : literal[2];
  }
  return state === undefined;
}
