import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ChatRequestSchema, PromptEnd, Role, ToolChoiceMode } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { createChatPrompter, type ChatPrompterOptions } from "../../../../services/engine/text/chat-prompt.ts";
import { parseAnswer, tinyGuideTemplate } from "./support.ts";

const named = "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}";
const reasoning =
  "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking %}<think>\n{% endif %}{{ reasoning_effort }}";

function createPrompter(options: Partial<ChatPrompterOptions> = {}) {
  return createChatPrompter({ templates: { "": named }, bosToken: "<s>", eosToken: "</s>", addsBos: true, ...options });
}

type RequestInit = NonNullable<Parameters<typeof create<typeof ChatRequestSchema>>[1]>;

function request(init: RequestInit = {}) {
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: "Hi" } }] }];
  return create(ChatRequestSchema, { messages, ...init });
}

const tools = [{ name: "f", parametersJson: '{"type":"object"}' }];

describe("the end of a prompt", () => {
  const said = (value: string, more: object = {}) => ({
    messages: [
      { role: Role.USER, content: [{ part: { case: "text" as const, value: "Hi" } }] },
      { role: Role.ASSISTANT, content: [{ part: { case: "text" as const, value } }], ...more },
    ],
  });
  const chatml = { chatFormat: "chatml" as const };

  test("is the opening of a new turn, also behind an assistant's message", () => {
    expect(createPrompter(chatml).prompt(request(said("Well, "))).prompt).toMatch(
      /Well, <\|im_end\|>\n<\|im_start\|>assistant\n$/,
    );
  });

  test("is the last message's text, blanks and all, where that is to be continued", () => {
    const continued = { ...said("Well, "), promptEnd: PromptEnd.CONTINUE };
    expect(createPrompter(chatml).prompt(request(continued)).prompt).toMatch(/<\|im_start\|>assistant\nWell, $/);
    expect(createPrompter().prompt(request(continued)).prompt).toBe("user:Hi;assistant:Well, ");
    const template = { templates: { "": tinyGuideTemplate } };
    expect(createPrompter(template).prompt(request(continued)).prompt).toMatch(/<\|im_start\|>assistant\nWell, $/);
  });

  test("is the last message's reasoning, where it has no text", () => {
    const continued = { ...said("", { reasoning: "Hm, " }), promptEnd: PromptEnd.CONTINUE };
    const prompter = createPrompter({ templates: { "": tinyGuideTemplate } });
    expect(prompter.prompt(request(continued))).toMatchObject({
      prompt: expect.stringMatching(/<think>\nHm, $/) as string,
      reasoningOpen: true,
    });
    expect(() => createPrompter().prompt(request(continued))).toThrow(
      expect.objectContaining({ param: "messages[1]" }),
    );
  });

  test("is in reasoning where the text has begun it", () => {
    const prompter = createPrompter({ templates: { "": tinyGuideTemplate } });
    const open = (text: string) => prompter.prompt(request({ ...said(text), promptEnd: PromptEnd.CONTINUE }));
    expect(open("<think>\nHm").reasoningOpen).toBe(true);
    expect(open("<think>\nHm\n</think>\n\nWell").reasoningOpen).toBe(false);
  });

  test("cannot be continued behind a user, or behind calls", () => {
    const prompter = createPrompter();
    const call = { toolCalls: [{ id: "1", name: "f", argumentsJson: "{}" }] };
    expect(() => prompter.prompt(request({ promptEnd: PromptEnd.CONTINUE }))).toThrow(/messages\[0\]/);
    expect(() => prompter.prompt(request({ ...said("x", call), promptEnd: PromptEnd.CONTINUE }))).toThrow(/tool calls/);
  });

  test("is the closed last message, where a template can leave it at that", () => {
    const closed = { ...said("Well"), promptEnd: PromptEnd.CLOSED };
    const prompter = createPrompter({ templates: { "": tinyGuideTemplate } });
    expect(prompter.prompt(request(closed)).prompt).toMatch(/assistant\nWell<\|im_end\|>\n$/);
    expect(() => createPrompter(chatml).prompt(request(closed))).toThrow(
      expect.objectContaining({ param: "add_generation_prompt" }),
    );
  });
});

describe("the order of formats", () => {
  test("the GGUF's template", () => {
    const prompter = createPrompter();
    expect(prompter.source).toBe("template in the GGUF");
    expect(prompter.prompt(request()).prompt).toBe("user:Hi;");
  });

  test("its tool_use variant for requests with tools", () => {
    const prompter = createPrompter({ templates: { "": named, tool_use: `tools! ${named}` } });
    expect(prompter.prompt(request()).prompt).toBe("user:Hi;");
    expect(prompter.prompt(request({ tools })).prompt).toMatch(/^tools! /);
  });

  test("the settings' chat_template before it", () => {
    const prompter = createPrompter({ chatTemplate: `own ${named}` });
    expect(prompter.source).toBe("chat_template in the settings");
    expect(prompter.prompt(request()).prompt).toBe("own user:Hi;");
  });

  test("the settings' chat_format before both, with its stop texts", () => {
    const prompter = createPrompter({ chatFormat: "snoozy", chatTemplate: named });
    expect(prompter.source).toBe("chat_format snoozy");
    expect(prompter.prompt(request())).toMatchObject({
      prompt: expect.stringContaining("### Prompt: Hi\n### Response:") as string,
      stop: ["###"],
    });
  });

  test("the request's chat_template before all", () => {
    const prompter = createPrompter({ chatFormat: "snoozy" });
    expect(prompter.prompt(request({ chatTemplate: `mine ${named}` })).prompt).toBe("mine user:Hi;");
    expect(prompter.prompt(request()).prompt).toContain("### Prompt");
    expect(() => prompter.prompt(request({ chatTemplate: "{% if" }))).toThrow(
      expect.objectContaining({ param: "chat_template" }),
    );
  });

  test.each([
    ["warn", "there is no template", {}, "no chat template"],
    ["error", "the template is not valid", { "": "{% if %}" }, "line 1"],
    ["error", "the template always fails", { "": "\n{{ raise_exception('never') }}" }, "never (line 2)"],
    ["error", "the template has an unknown filter", { "": "{{ 1 | nosuch }}" }, "No filter named 'nosuch'. (line 1)"],
  ])("chatml, said as %s, when %s", (level, _, templates: Readonly<Record<string, string>>, part) => {
    const prompter = createPrompter({ templates });
    expect(prompter.warning?.level).toBe(level);
    expect(prompter.warning?.text).toContain("chatml");
    expect(prompter.warning?.text).toContain(part);
    expect(prompter.prompt(request())).toMatchObject({
      prompt: "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
      stop: ["<|im_end|>"],
    });
  });

  test("settings with a template that is not valid are refused", () => {
    expect(() => createPrompter({ chatTemplate: "{% if" })).toThrow(
      expect.objectContaining({ param: "chat_template" }),
    );
  });
});

test("leaves the BOS to the tokenizer where that adds one", () => {
  const templates = { "": `{{ bos_token }}${named}` };
  expect(createPrompter({ templates }).prompt(request()).prompt).toBe("user:Hi;");
  expect(createPrompter({ templates, addsBos: false }).prompt(request()).prompt).toBe("<s>user:Hi;");
  expect(createPrompter({ templates, bosToken: "" }).prompt(request()).prompt).toBe("user:Hi;");
});

describe("reasoning", () => {
  const prompter = createPrompter({ templates: { "": reasoning } });

  test("goes by the names that templates know", () => {
    const prompt = (init: RequestInit) => prompter.prompt(request(init)).prompt;
    expect(prompt({})).toBe("Hi");
    expect(prompt({ reasoning: { enabled: true } })).toBe("Hi<think>\n");
    expect(prompt({ reasoning: { effort: "low" } })).toBe("Hi<think>\nlow");
    expect(prompt({ reasoning: { effort: "none" } })).toBe("Hi");
    expect(prompt({ reasoning: { enabled: false, effort: "low" } })).toBe("Hilow");
  });

  test("is read from the start where the prompt has begun it", () => {
    const chat = prompter.prompt(request({ reasoning: { enabled: true } }));
    expect(chat.reasoningOpen).toBe(true);
    expect(parseAnswer(chat.createParser(), ["So.</think>Hi"])).toEqual({ reasoning: "So.", text: "Hi", calls: [] });
    expect(prompter.prompt(request()).reasoningOpen).toBe(false);
  });

  test("is no matter of templates that do not know it", () => {
    const chat = createPrompter().prompt(request());
    expect(chat.reasoning).toBeUndefined();
    expect(parseAnswer(chat.createParser(), ["<think>So."])).toMatchObject({ text: "<think>So." });
  });

  test("yields to the request's own variables, which also come over the settings'", () => {
    const own = createPrompter({ templates: { "": reasoning }, kwargs: { enable_thinking: true } });
    expect(own.prompt(request()).prompt).toBe("Hi<think>\n");
    expect(own.prompt(request({ reasoning: { enabled: false } })).prompt).toBe("Hi");
    const chatTemplateKwargs = { enable_thinking: false };
    expect(own.prompt(request({ reasoning: { enabled: true }, chatTemplateKwargs })).prompt).toBe("Hi");
  });
});

describe("variables as text", () => {
  const prompter = createPrompter({ templates: { "": `${named}{{ a }} {{ b }} {{ c }}` } });

  test("keep their numbers as they are written, and go before those of the struct", () => {
    const chatTemplateKwargsJson = '{"a": 12345678901234567890, "b": 1.0}';
    expect(prompter.prompt(request({ chatTemplateKwargs: { a: 1, c: "x" }, chatTemplateKwargsJson })).prompt).toBe(
      "user:Hi;12345678901234567890 1.0 x",
    );
  });

  test.each(["[1]", "{"])("are refused where they are not an object: %s", (chatTemplateKwargsJson) => {
    expect(() => prompter.prompt(request({ chatTemplateKwargsJson }))).toThrow(
      expect.objectContaining({ param: "chat_template_kwargs" }),
    );
  });
});

describe("tools", () => {
  const call = '{"name": "f", "arguments": {"a": 1}}';

  test("are said in words where the format knows none, and calls are read all the same", () => {
    for (const options of [{ chatFormat: "vicuna" }, {}] as const) {
      const chat = createPrompter(options).prompt(request({ tools }));
      expect(chat.prompt).toContain('{"name":"f","parameters":{"type":"object"}}');
      expect(chat.toolParser.name).toBe("generic");
      expect(parseAnswer(chat.createParser(), [call]).calls).toMatchObject([{ name: "f", arguments: '{"a": 1}' }]);
    }
  });

  test("do not change how answers are read that are marked up anyway", () => {
    const templates = { "": `{# >>>all #}${named}` };
    const chat = createPrompter({ templates }).prompt(request());
    expect(parseAnswer(chat.createParser(), ["all\nHi"]).text).toBe("Hi");
  });

  test("get ids like OpenAI's", () => {
    const { calls } = parseAnswer(createPrompter().prompt(request({ tools })).createParser(), [`${call}\n${call}`]);
    expect(calls.map(({ id }) => /^call_[A-Za-z0-9]{24}$/.test(id))).toEqual([true, true]);
    expect(calls[0]?.id).not.toBe(calls[1]?.id);
  });

  test("are all that an answer has where one is forced, whole or cut", () => {
    const toolChoice = { choice: { case: "mode" as const, value: ToolChoiceMode.REQUIRED } };
    const chat = createPrompter().prompt(request({ tools, toolChoice }));
    for (const cut of ["<", call.slice(0, 6), call.slice(0, 14)]) {
      expect(parseAnswer(chat.createParser(), [cut]), cut).toMatchObject({ text: "" });
    }
  });

  test("are left out with tool_choice none", () => {
    const toolChoice = { choice: { case: "mode" as const, value: ToolChoiceMode.NONE } };
    const chat = createPrompter().prompt(request({ tools, toolChoice }));
    expect(chat.prompt).toBe("user:Hi;");
    expect(chat.tools).toEqual([]);
    expect(parseAnswer(chat.createParser(), [call])).toMatchObject({ text: call, calls: [] });
  });
});

test("asks for control tokens' texts only where the parser reads them", () => {
  const templates = {
    "": `{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}<call={{ c.function.name }}>{{ c.function.arguments | tojson }}</call>{% endfor %}{% endfor %}`,
  };
  const prompter = createPrompter({ templates });
  expect(prompter.prompt(request({ tools }))).toMatchObject({ keepSpecial: true, toolParser: { name: "derived" } });
  expect(prompter.prompt(request()).keepSpecial).toBe(false);
});
