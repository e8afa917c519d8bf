import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChatTool } from "../../../../../../services/engine/text/chat-messages.ts";
import type { Piece } from "../../../../../../services/engine/text/tool-calls/derived/call-form.ts";
import type { ToolParser } from "../../../../../../services/engine/text/tool-calls/parsers/tool-parser.ts";
import { functionary32 } from "../../../../../../services/engine/text/tool-calls/parsers/functionary.ts";
import { gemma, gemmaFunction } from "../../../../../../services/engine/text/tool-calls/parsers/gemma.ts";
import { generic } from "../../../../../../services/engine/text/tool-calls/parsers/generic.ts";
import { harmony } from "../../../../../../services/engine/text/tool-calls/parsers/harmony.ts";
import type { ReasoningTags } from "../../../../../../services/engine/text/stream/read-reasoning.ts";
import {
  deepseek,
  deepseek31,
  functionary31,
  hermes,
  llama3,
  mistral,
  mistralArgs,
  qwenCoder,
} from "../../call-forms.ts";
import { cutText, parseAnswer } from "../../support.ts";

const weather: ChatTool = {
  name: "get_weather",
  description: "",
  parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
};
const tools: ChatTool[] = [weather, { name: "now", description: "", parameters: undefined }];
const typed: ChatTool = {
  name: "typed",
  description: "",
  parameters: {
    type: "object",
    properties: {
      zip: { type: ["string", "null"] },
      note: { anyOf: [{ type: "string" }, { type: "null" }] },
      on: { type: "boolean" },
      id: { $ref: "#/$defs/id" },
      kind: { enum: ["1", "2"] },
      list: { type: "array" },
    },
    $defs: { id: { type: "string" } },
  },
};
const think: ReasoningTags = { start: "<think>", end: "</think>" };

interface Case {
  readonly title: string;
  readonly raw: string;
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly (readonly [name: string, json: string])[];
  /** Default: `tools`. */
  readonly tools?: readonly ChatTool[];
  readonly tags?: ReasoningTags;
  readonly reasoningOpen?: boolean;
}

const paris = ["get_weather", '{"city": "Paris"}'] as const;
const tokyo = ["get_weather", '{"city": "東京 \\"{[ 😀", "days": 2}'] as const;
const nothing = ["now", "{}"] as const;

const cases: readonly (readonly [ToolParser, readonly Case[]])[] = [
  [
    hermes,
    [
      { title: "plain text", raw: "Hello <b>there</b>.\n", text: "Hello <b>there</b>.\n" },
      {
        title: "a call",
        raw: `<tool_call>\n{"name": "get_weather", "arguments": ${paris[1]}}\n</tool_call>`,
        calls: [paris],
      },
      {
        title: "several calls with text and blanks around",
        raw: `Let me see.\n\n<tool_call>\n{"name": "get_weather", "arguments": ${paris[1]}}\n</tool_call>\n<tool_call>{"name":"get_weather","arguments":${tokyo[1]}}</tool_call>\n`,
        text: "Let me see.",
        calls: [paris, tokyo],
      },
      {
        title: "several calls in one pair of tags",
        raw: `<tool_call>\n{"name": "now", "arguments": {}}\n{"name": "get_weather", "arguments": ${paris[1]}}\n</tool_call>`,
        calls: [nothing, paris],
      },
      {
        title: "arguments before the name, and members that are nobody's",
        raw: `<tool_call>{"id": [1, {"a": "}"}], "arguments": ${tokyo[1]}, "name": "get_weather", "x": null}</tool_call>`,
        calls: [tokyo],
      },
      {
        title: "arguments as JSON in a string",
        raw: `<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call>`,
        calls: [paris],
      },
      {
        title: "no, null or empty arguments",
        raw: `<tool_call>{"name": "now"}</tool_call><tool_call>{"name": "now", "arguments": null}</tool_call><tool_call>{"name": "now", "arguments": ""}</tool_call>`,
        calls: [nothing, nothing, nothing],
      },
      {
        title: "a call in OpenAI's shape",
        raw: `<tool_call>{"type": "function", "function": {"name": "get_weather", "arguments": ${paris[1]}}}</tool_call>`,
        calls: [paris],
      },
      {
        title: "text after a call",
        raw: `<tool_call>{"name": "now", "arguments": {}}</tool_call>\n\nDone.`,
        text: "Done.",
        calls: [nothing],
      },
      {
        title: "a call whose end tag is missing",
        raw: `<tool_call>\n{"name": "get_weather", "arguments": ${paris[1]}}`,
        calls: [paris],
      },
      {
        title: "a call that is cut within its arguments",
        raw: `<tool_call>\n{"name": "get_weather", "arguments": {"city": "Pa`,
        calls: [["get_weather", '{"city": "Pa']],
      },
      {
        title: "a call that is cut before its name",
        raw: `Hm.\n<tool_call>\n{"na`,
        text: "Hm.",
      },
      {
        title: "text in the tags that is not a call",
        raw: `Use\n<tool_call>like this</tool_call> or <tool_call>{"city": "Paris"}</tool_call>.`,
        text: `Use\n<tool_call>like this</tool_call> or <tool_call>{"city": "Paris"}</tool_call>.`,
      },
      {
        title: "junk behind a call",
        raw: `<tool_call>{"name": "now", "arguments": {}} oops</tool_call>`,
        text: "oops</tool_call>",
        calls: [nothing],
      },
      {
        title: "a call without a name",
        raw: `<tool_call>{"name": "", "arguments": {}}</tool_call>`,
        text: `<tool_call>{"name": "", "arguments": {}}</tool_call>`,
      },
      {
        title: "tags without tools",
        raw: `<tool_call>{"name": "now", "arguments": {}}</tool_call>\n`,
        text: `<tool_call>{"name": "now", "arguments": {}}</tool_call>\n`,
        tools: [],
      },
      {
        title: "reasoning",
        raw: "<think>\nShort.\n</think>\n\nHi <think> there",
        text: "Hi <think> there",
        reasoning: "Short.\n",
        tags: think,
      },
      {
        title: "reasoning that the prompt began, then a call",
        raw: `I use <tool_call>.</think><tool_call>{"name": "now", "arguments": {}}</tool_call>`,
        reasoning: "I use <tool_call>.",
        calls: [nothing],
        tags: think,
        reasoningOpen: true,
      },
      {
        title: "reasoning that the prompt and the model began",
        raw: "<think>\nSo.</think>Hi",
        text: "Hi",
        reasoning: "So.",
        tags: think,
        reasoningOpen: true,
      },
      { title: "empty reasoning", raw: "<think>\n\n</think>\n\nHi", text: "Hi", tags: think },
      { title: "reasoning without an end", raw: "\n<think>So </thi", reasoning: "So </thi", tags: think },
      { title: "text that begins like reasoning", raw: "\n <thin air", text: "\n <thin air", tags: think },
      {
        title: "reasoning without tools",
        raw: "<think>So.</think>\nHi \n",
        text: "Hi \n",
        reasoning: "So.",
        tags: think,
        tools: [],
      },
    ],
  ],
  [
    qwenCoder,
    [
      {
        title: "XML in the tags",
        raw: "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
        calls: [["get_weather", '{"city": "Paris", "days": 2}'], nothing],
      },
      {
        title: "values by the types that their schemas allow",
        raw: "<tool_call>\n<function=typed>\n<parameter=zip>\n10115\n</parameter>\n<parameter=note>\nnull\n</parameter>\n<parameter=on>\nTrue\n</parameter>\n<parameter=id>\n007\n</parameter>\n<parameter=kind>\n1\n</parameter>\n<parameter=list>\n['a', None]\n</parameter>\n</function>\n</tool_call>",
        calls: [["typed", '{"zip": "10115", "note": null, "on": true, "id": "007", "kind": "1", "list": ["a", null]}']],
        tools: [typed],
      },
      {
        title: "a call without the outer tags, as models slip",
        raw: "<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>",
        calls: [paris],
      },
      {
        title: "a tag that names no tool",
        raw: "Write <function=foo> or <tool_call> so.",
        text: "Write <function=foo> or <tool_call> so.",
      },
      {
        title: "a call that is cut within its name, whose markup is nobody's text",
        raw: "Hm.\n<tool_call>\n<function=get_we",
        text: "Hm.",
      },
    ],
  ],
  [
    llama3,
    [
      { title: "a call", raw: `{"name": "get_weather", "parameters": ${paris[1]}}`, calls: [paris] },
      {
        title: "a call behind the python tag",
        raw: `<|python_tag|>{"type": "function", "name": "get_weather", "parameters": ${paris[1]}}`,
        calls: [paris],
      },
      {
        title: "calls with semicolons between them",
        raw: `{"name": "now", "parameters": {}}; {"name": "get_weather", "parameters": ${tokyo[1]}}`,
        calls: [nothing, tokyo],
      },
      {
        title: "text, then a call behind the python tag",
        raw: `Sure. <|python_tag|>{"name": "now", "parameters": {}}`,
        text: "Sure.",
        calls: [nothing],
      },
      {
        title: "code behind the python tag",
        raw: `<|python_tag|>print("hi")`,
        text: `<|python_tag|>print("hi")`,
      },
      {
        title: "an answer that is JSON",
        raw: `{"name": "Alice", "age": 30}`,
        text: `{"name": "Alice", "age": 30}`,
      },
    ],
  ],
  [
    generic,
    [
      { title: "a call", raw: `{"name": "get_weather", "arguments": ${paris[1]}}\n`, calls: [paris] },
      {
        title: "a call on each line",
        raw: `{"name": "now", "arguments": {}}\n{"name": "get_weather", "arguments": ${tokyo[1]}}`,
        calls: [nothing, tokyo],
      },
      {
        title: "a list of calls in a fence",
        raw: `I look it up:\n\`\`\`json\n[{"name": "now", "arguments": {}}, {"name": "get_weather", "arguments": ${paris[1]}}]\n\`\`\`\nDone.`,
        text: "I look it up:Done.",
        calls: [nothing, paris],
      },
      {
        title: "code, and objects that are no calls",
        raw: 'So:\n```ts\nif (a) {\n  b();\n}\n```\n{"name": "Bob"}\n[{"x": 1}]',
        text: 'So:\n```ts\nif (a) {\n  b();\n}\n```\n{"name": "Bob"}\n[{"x": 1}]',
      },
      {
        title: "a call of a tool that is not there",
        raw: '{"name": "rm", "arguments": {"path": "/"}}',
        text: '{"name": "rm", "arguments": {"path": "/"}}',
      },
      { title: "a cut call", raw: '{"name": "get_wea', text: '{"name": "get_wea' },
      { title: "nothing but blanks", raw: " \n ", text: " \n " },
    ],
  ],
  [
    mistral,
    [
      {
        title: "calls in a list",
        raw: `[TOOL_CALLS][{"name": "now", "arguments": {}}, {"name": "get_weather", "arguments": ${tokyo[1]}, "id": "abcdefghi"}]`,
        calls: [nothing, tokyo],
      },
      {
        title: "text, then a call without a list",
        raw: `Well. [TOOL_CALLS] {"name": "get_weather", "arguments": ${paris[1]}}`,
        text: "Well.",
        calls: [paris],
      },
      { title: "no call", raw: "[TOOL_CALLS] or [TOOL_CALLS][]", text: "[TOOL_CALLS] or [TOOL_CALLS][]" },
      { title: "a list that is cut", raw: '[TOOL_CALLS][{"na' },
    ],
  ],
  [
    mistralArgs,
    [
      {
        title: "calls",
        raw: `[TOOL_CALLS]get_weather[ARGS]${paris[1]}[TOOL_CALLS]get_weather[ARGS]${tokyo[1]}`,
        calls: [paris, tokyo],
      },
      {
        title: "reasoning in brackets",
        raw: `[THINK]Hm.[/THINK]Well.[TOOL_CALLS]now[ARGS]{}`,
        reasoning: "Hm.",
        text: "Well.",
        calls: [nothing],
        tags: { start: "[THINK]", end: "[/THINK]" },
      },
      { title: "a name without arguments", raw: "[TOOL_CALLS]now please", text: "[TOOL_CALLS]now please" },
    ],
  ],
  [
    functionary31,
    [
      {
        title: "calls",
        raw: `<function=get_weather>${paris[1]}</function><function=now>{}</function>`,
        calls: [paris, nothing],
      },
      { title: "text, then a call", raw: `Hm.\n<function=now>{}</function>`, text: "Hm.", calls: [nothing] },
      { title: "no call", raw: "a <function=now> b <function= c", text: "a <function=now> b <function= c" },
    ],
  ],
  [
    functionary32,
    [
      { title: "text", raw: "all\nHello all\nof you", text: "Hello all\nof you" },
      { title: "text without tools", raw: "all\nHello", text: "Hello", tools: [] },
      { title: "calls", raw: `get_weather\n${paris[1]}>>>now\n{}`, calls: [paris, nothing] },
      { title: "text, then a call", raw: `all\nHm.\n>>>get_weather\n${tokyo[1]}\n`, text: "Hm.", calls: [tokyo] },
      {
        title: "the marker's characters within text",
        raw: "all\nint x = y >>> 2;\n>>>nobody\n>>> all",
        text: "int x = y >>> 2;\n>>>nobody\n>>> all",
      },
      { title: "another recipient", raw: "python\nprint(1)", text: "python\nprint(1)" },
      { title: "no recipient", raw: "Hello there", text: "Hello there" },
      { title: "a call without arguments", raw: "now\nplease", text: "now\nplease" },
    ],
  ],
  [
    deepseek,
    [
      {
        title: "calls in fences, after reasoning",
        raw: `I call.\n</think>\n\nOn it.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${paris[1]}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        reasoning: "I call.\n",
        text: "On it.",
        calls: [paris, nothing],
        tags: think,
        reasoningOpen: true,
      },
      {
        title: "a call without the outer marks",
        raw: `<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜>`,
        calls: [nothing],
      },
      {
        title: "a call that is none",
        raw: "Hm <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\nplease<｜tool▁call▁end｜>",
        text: "Hm <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\nplease<｜tool▁call▁end｜>",
      },
    ],
  ],
  [
    deepseek31,
    [
      {
        title: "calls",
        raw: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>${paris[1]}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        calls: [paris, nothing],
      },
      {
        title: 'a tool named "function"',
        raw: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        calls: [["function", "{}"]],
        tools: [{ name: "function", description: "", parameters: undefined }],
      },
    ],
  ],
  [
    gemma,
    [
      {
        title: "calls in its own notation",
        raw: `<|tool_call>call:get_weather{city:<|"|>Pa"ris\n<|"|>,days:-2.5,list:[true,null,{a:<|"|><|"|>}],unquoted:Rome}<tool_call|><|tool_call>call:now{}<tool_call|>`,
        calls: [
          ["get_weather", '{"city": "Pa\\"ris\\n", "days": -2.5, "list": [true, null, {"a": ""}], "unquoted": "Rome"}'],
          nothing,
        ],
      },
      {
        title: "a call with JSON, as a grammar makes it",
        raw: `Well.\n<|tool_call>call:get_weather${tokyo[1]}<tool_call|>`,
        text: "Well.",
        calls: [tokyo],
      },
      {
        title: "reasoning in its channel",
        raw: "<|channel>thought\nHm.\n<channel|>Hi",
        reasoning: "Hm.\n",
        text: "Hi",
        tags: { start: "<|channel>thought", end: "<channel|>" },
      },
      { title: "no call", raw: "<|tool_call>now<tool_call|>", text: "<|tool_call>now<tool_call|>" },
    ],
  ],
  [
    gemmaFunction,
    [
      {
        title: "a call",
        raw: "<start_function_call>call:get_weather{city:<escape>Paris<escape>}<end_function_call>",
        calls: [paris],
      },
    ],
  ],
  [
    harmony,
    [
      {
        title: "reasoning, then text",
        raw: "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hi there",
        reasoning: "Hm.",
        text: "Hi there",
      },
      {
        title: "reasoning, a preamble, a call",
        raw: `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>On it.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${paris[1]}<|call|>`,
        reasoning: "Hm.",
        text: "On it.",
        calls: [paris],
      },
      {
        title: "the recipient before the channel, and no arguments",
        raw: ` to=functions.now<|channel|>commentary json<|message|><|call|>`,
        calls: [nothing],
      },
      {
        title: "text without tools",
        raw: "<|channel|>final<|message|>Hi<|return|>",
        text: "Hi",
        tools: [],
      },
      { title: "unmarked text", raw: "assistant: Hi <|start|>user", text: "assistant: Hi <|start|>user" },
      { title: "a cut header", raw: "<|channel|>fin", text: "" },
    ],
  ],
];

for (const [i, [toolParser, list]] of cases.entries()) {
  describe(`the toolParser ${toolParser.name} ${i}`, () => {
    test.each(list)("reads $title, however it is cut", (example) => {
      const expected = {
        text: example.text ?? "",
        reasoning: example.reasoning ?? "",
        calls: (example.calls ?? []).map(([name, json], i) => ({ id: `id-${i}`, name, arguments: json })),
      };
      const parse = (pieces: readonly string[]) => parseAnswer(createParser(toolParser, example), pieces);
      expect(parse([example.raw])).toEqual(expected);
      expect(parse(example.raw.split(""))).toEqual(expected);
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 12 }), (places) => {
          expect(parse(cutText(example.raw, places))).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });

    test("reads any mixture of its marks the same, however it is cut", () => {
      const marks = ["<", ">", "{", "}", "[", "]", '"', ":", ",", "\n", " ", "a", "now", "```", "```json"];
      const name = '"name": "now"';
      const fragments = [
        ...new Set([...list.flatMap(({ raw }) => raw.split(/(?<=[>\]}])|(?=[<[{])/)), name, ...marks]),
      ];
      const text = fc.array(fc.constantFrom(...fragments), { maxLength: 12 }).map((parts) => parts.join(""));
      const options = fc.constantFrom<Partial<Case>>(...list, { tags: think }, { tags: think, reasoningOpen: true });
      fc.assert(
        fc.property(text, options, fc.array(fc.nat(), { maxLength: 12 }), (raw, example, places) => {
          const whole = parseAnswer(createParser(toolParser, example), [raw]);
          expect(parseAnswer(createParser(toolParser, example), cutText(raw, places))).toEqual(whole);
          expect(parseAnswer(createParser(toolParser, example), raw.split(""))).toEqual(whole);
        }),
        { numRuns: 600 },
      );
    });

    test("reads the text that its grammar forces", () => {
      const answer = parseAnswer(createParser(toolParser, {}), [`${toolParser.textPrefix ?? ""}{"x": 1}`]);
      expect(answer).toEqual({ text: '{"x": 1}', reasoning: "", calls: [] });
    });

    const isJson = (toolParser.syntax.arguments?.kind ?? "json") === "json";
    test.runIf(isJson)("reads the calls that its grammar forces", () => {
      const { prefix, separator, suffix, call } = toolParser.syntax;
      const calledTexts = [paris, nothing].map(
        ([name, json]) => written(call(name).before) + json + written(call(name).after),
      );
      const calls = calledTexts.slice(0, toolParser.syntax.maxCalls ?? calledTexts.length);
      const raw = prefix + calls.join(separator) + suffix;
      expect(parseAnswer(createParser(toolParser, {}), [raw])).toMatchObject({
        text: "",
        calls: [paris, nothing].slice(0, calls.length).map(([name, json]) => ({ name, arguments: json })),
      });
      const { marks, after = "" } = toolParser.syntax.opening;
      const names = [paris, nothing].map(([name]) => name);
      expect(new RegExp(marks(names)).exec(after + raw)?.index).toBe(
        toolParser.syntax.opening.place === undefined ? after.length : 0,
      );
    });
  });
}

function createParser(toolParser: ToolParser, { tools: own = tools, tags, reasoningOpen = false }: Partial<Case>) {
  let calls = 0;
  return toolParser.createParser({ tools: own, reasoning: tags, reasoningOpen, newCallId: () => `id-${calls++}` });
}

/** Pieces without slots but the name's, which is filled. */
function written(pieces: readonly Piece[]): string {
  return pieces.filter((piece) => typeof piece === "string").join("");
}
