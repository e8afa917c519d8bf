import { describe, expect, test } from "vitest";
import { createGrammarBuilder } from "../../../../../services/engine/schema/gbnf/grammar-builder.ts";
import type { ChatTool } from "../../../../../services/engine/text/chat-messages.ts";
import { compileChatTemplate, type ChatTemplate } from "../../../../../services/engine/text/template/chat-template.ts";
import { chooseToolParser } from "../../../../../services/engine/text/tool-calls/choose-tool-parser.ts";
import { createToolGrammar } from "../../../../../services/engine/text/tool-calls/tool-grammar.ts";
import { bundledTemplates } from "../../../../support/bundled-templates.ts";
import { createGbnfMatcher } from "../../schema/gbnf-matcher.ts";
import { chatMessage, cutText, parseAnswer } from "../support.ts";

type Call = readonly [name: string, args: Readonly<Record<string, unknown>>];

const text = (description: string) => ({ type: "string", description });
const tools: readonly ChatTool[] = [
  {
    name: "get_weather",
    description: "The weather",
    parameters: {
      type: "object",
      properties: {
        city: text("city"),
        days: { type: "integer", description: "days" },
        ratio: { type: "number", description: "ratio" },
        exact: { type: "boolean", description: "exact" },
        zip: { type: ["string", "null"], description: "zip" },
        place: { type: "object", description: "place", properties: { name: text("name") } },
        list: { type: "array", description: "list", items: { type: "string" } },
      },
      required: ["city"],
    },
  },
  { name: "now", description: "The time", parameters: { type: "object", properties: {} } },
];

const calls: readonly (readonly Call[])[] = [
  [["get_weather", { city: "Bern" }]],
  [["get_weather", { city: `It's "x" <a> </b> {c} é 東京 😀` }]],
  [["get_weather", { city: "two\nlines\n" }]],
  [["get_weather", { city: "  10115", zip: "10115" }]],
  [["get_weather", { city: "true", days: -3, ratio: 2.5, exact: false }]],
  [["get_weather", { city: "", place: { name: "d'e", more: { deep: [1, true] } }, list: ["p", 'q"r'] }]],
  [["now", {}]],
  [
    ["get_weather", { city: "A" }],
    ["now", {}],
  ],
];

const within: readonly Call[] = [
  ["get_weather", { city: "B", days: 3, exact: false, zip: null, place: { name: "C d" }, list: ["p", "q r"] }],
];

const templates = [...bundledTemplates()]
  .map(([name, source]) => ({
    name,
    source,
    template: compileChatTemplate(source, { bosToken: "<b>", eosToken: "<e>" }),
  }))
  .filter(({ template }) => template.writesCalls);

/** What a template writes of the model's turn, behind what the prompt has begun of it. */
function written(template: ChatTemplate, list: readonly Call[], spoken = ""): string | undefined {
  const user = chatMessage("user", "the question");
  const toolCalls = list.map(([name, args], i) => ({ id: `abcdefgh${i}`, name, argumentsJson: spacedJson(args) }));
  const render = (messages: (typeof user)[], addGenerationPrompt: boolean) => {
    const prompt = template.render({ messages, tools, variables: {}, addGenerationPrompt });
    return prompt.slice(prompt.lastIndexOf("the question") + "the question".length);
  };
  try {
    const turn = render([user, { ...chatMessage("assistant", spoken), toolCalls }], false);
    const opening = render([user], true);
    return turn.startsWith(opening) ? turn.slice(opening.length) : turn;
  } catch {
    // A template may refuse several calls, or properties that it cannot describe.
    return undefined;
  }
}

/** JSON as Python writes it, which templates may pass on. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${spacedJson(member)}`);
  return `{${members.join(", ")}}`;
}

describe("calls that a template writes are read back", () => {
  test.each(templates)("$name", ({ name, source, template }) => {
    const { toolParser } = chooseToolParser(source, template);
    for (const list of calls) {
      const raw = written(template, list);
      if (raw === undefined || isLost(name, list)) continue;
      const places = [...raw].map((_, i) => i);
      for (const pieces of [
        [raw],
        cutText(raw, places),
        cutText(
          raw,
          places.filter((place) => place % 7 === 3),
        ),
      ]) {
        let ids = 0;
        const parser = toolParser.createParser({
          tools,
          reasoning: undefined,
          reasoningOpen: false,
          newCallId: () => `id-${ids++}`,
        });
        const answer = parseAnswer(parser, pieces);
        const read = answer.calls.map((call) => [call.name, JSON.parse(call.arguments) as unknown]);
        expect(read, raw).toEqual(list);
      }
    }
  });
});

describe("a forced call is one that the template writes", () => {
  // DeepSeek's template for this one closes the list of calls only where there are several.
  test.each(templates.filter(({ name }) => name !== "deepseek-ai-DeepSeek-R1-Distill-Llama-8B"))(
    "$name",
    ({ name, source, template }) => {
      const { toolParser } = chooseToolParser(source, template);
      const grammar = createToolGrammar(createGrammarBuilder(toolParser.syntax.spacing), {
        syntax: toolParser.syntax,
        tools,
        choice: "required",
        parallel: true,
        reasoning: undefined,
        reasoningOpen: false,
        paramOf: ({ name: tool }) => tool,
      });
      const { matches } = createGbnfMatcher(grammar?.gbnf ?? "");
      // Not in a template's own form: objects as tags within tags, JSON on several lines, lists in Python and objects not.
      const nested = /MiniMax-M3|command-r-plus|LFM2\.5-8B/.test(name) ? [] : [within];
      for (const list of [calls[0] ?? [], calls[6] ?? [], ...nested]) {
        const raw = written(template, list);
        if (raw === undefined || isLost(name, list)) continue;
        const { prefix, call } = toolParser.syntax;
        const [first = ""] = call(list[0]?.[0] ?? "").before;
        const from = raw.indexOf(prefix + (typeof first === "string" ? first : ""));
        const ends = [...raw].map((_, i) => raw.length - i);
        expect(
          ends.some((end) => matches(raw.slice(from, end))),
          raw,
        ).toBe(true);
      }
    },
  );
});

/** What templates lose of a call, so that no reader finds it again. */
function isLost(template: string, list: readonly Call[]): boolean {
  const several = list.length > 1;
  return several && /GigaChat|gpt-oss/.test(template);
}
