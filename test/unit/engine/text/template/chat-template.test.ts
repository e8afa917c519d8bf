import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../../../../../services/engine/text/chat-messages.ts";
import { compileChatTemplate, type TemplateInput } from "../../../../../services/engine/text/template/chat-template.ts";
import { chatMessage } from "../support.ts";

const options = { bosToken: "<s>", eosToken: "</s>", now: () => new Date(2026, 6, 4) };
const tool = { name: "f", description: "does f", parameters: { type: "object", properties: {} } };
const call = { id: "call_abc", name: "f", argumentsJson: '{"a":1,"b":"é"}' };

function render(source: string, messages: readonly ChatMessage[], input: Partial<TemplateInput> = {}): string {
  const template = compileChatTemplate(source, options);
  return template.render({ messages, tools: [], variables: {}, addGenerationPrompt: true, ...input });
}

const each = (body: string) => `{% for m in messages %}${body}{% endfor %}`;
const user = chatMessage("user", "Hi");
const withCall = [user, { ...chatMessage("assistant", ""), toolCalls: [call] }];
const withResult = [...withCall, { ...chatMessage("tool", "42"), toolCallId: call.id, toolName: "f" }];
/** A template that describes tools and writes results; `calls` writes the calls of a message m. */
const toolTemplate = (calls: string) =>
  `{% if tools %}{{ tools | tojson }}{% endif %}${each(`${calls}{% if not m.tool_calls %}{{ m.role }}:{{ m.content }};{% endif %}`)}`;

describe("what templates are given", () => {
  test("the tokens, the generation prompt, the date and the variables, which cannot replace the messages", () => {
    const source =
      "{{ bos_token }}{{ messages[0].content }}{{ eos_token }} {{ strftime_now('%d %b %Y') }} {{ a }}{% if add_generation_prompt %}!{% endif %}";
    expect(render(source, [user], { variables: { a: true, messages: [], bos_token: "x" } })).toBe(
      "<s>Hi</s> 04 Jul 2026 True!",
    );
  });

  test("no tools as none", () => {
    expect(render("{{ messages[0].content }}{{ tools is none }}", [user])).toBe("HiTrue");
  });

  test("an empty list of tools, where none makes the template fail", () => {
    expect(render("{% for t in tools %}{% endfor %}{{ messages[0].content }}", [user])).toBe("Hi");
  });

  test("text as a string, its parts on lines", () => {
    expect(render(each("[{{ m.content }}]"), [chatMessage("user", "a", "b")])).toBe("[a\nb]");
  });

  test("parts, where the template only knows parts", () => {
    const source = each("{% for p in m.content %}{% if p.type == 'text' %}[{{ p.text }}]{% endif %}{% endfor %}");
    expect(render(source, [chatMessage("user", "a", "b")])).toBe("[a][b]");
  });

  test("a system message in the first user message, where the template refuses it", () => {
    const source = each(
      "{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m.role }}:{{ m.content }};",
    );
    expect(render(source, [chatMessage("system", "S"), user])).toBe("user:S\n\nHi;");
  });

  test("a system message in the first user message, where the template forgets it", () => {
    expect(
      render(each("{% if m.role == 'user' %}{{ m.content }}{% endif %}"), [chatMessage("system", "S"), user]),
    ).toBe("S\n\nHi");
  });

  test("what was sent before anything that would only please it more", () => {
    const source = each("{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.arguments }}{% endfor %};");
    const [, sent = user, result = user] = withResult;
    expect(render(source, [user, { ...sent, content: [], contentForm: "null" }, result])).toBe(
      "Hi;None{'a': 1, 'b': 'é'};42;",
    );
    expect(render(source, [user, { ...sent, content: [] }, result])).toBe("Hi;{'a': 1, 'b': 'é'};42;");
  });

  test("an empty text for null, where the template refuses that", () => {
    const source = `{{ messages[0].content }}${each("{% if m.tool_calls %}{{ m.content + m.tool_calls[0].function.name }}{% endif %}")}`;
    expect(render(source, [user, { ...chatMessage("assistant"), toolCalls: [call], contentForm: "null" }])).toBe("Hif");
  });

  test("parts as a list only where that is what the client sent, and the template writes it", () => {
    const parts = { ...chatMessage("user", "a", "b"), contentForm: "parts" as const };
    const knowing = each(
      "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}<{{ p.text }}>{% endfor %}{% endif %}",
    );
    expect(render(knowing, [parts])).toBe("<a><b>");
    expect(render(knowing, [chatMessage("user", "a", "b")])).toBe("a\nb");
    expect(render(each("{{ m.content }}"), [parts])).toBe("a\nb");
  });

  test("a developer message by its name only where the template knows it", () => {
    const messages = [chatMessage("developer", "D"), user];
    expect(render(each("{{ m.role }}:{{ m.content }};"), messages)).toBe("system:D;user:Hi;");
    expect(render(`{# developer #}${each("{{ m.role }}:{{ m.content }};")}`, messages)).toBe("developer:D;user:Hi;");
  });

  test("earlier reasoning by the name that the template reads", () => {
    const messages = [user, { ...chatMessage("assistant", "Hello"), reasoning: "Hm." }];
    expect(render(each("{{ m.reasoning_content }}{{ m.content }}"), messages)).toBe("HiHm.Hello");
    expect(render(each("{{ m.thinking }}{{ m.content }}"), messages)).toBe("HiHm.Hello");
    expect(render(each("{{ m.reasoning }}{{ m.content }}"), messages)).toBe("HiHm.Hello");
    expect(render(each("{{ m.reasoning_content or m.thinking }}{{ m.content }}"), messages)).toBe("HiHm.Hello");
  });
});

describe("calls", () => {
  test("have their arguments as an object", () => {
    const source = toolTemplate(
      "{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments | tojson }};{% endfor %}",
    );
    expect(render(source, withResult, { tools: [tool] })).toBe(
      '[{"type": "function", "function": {"name": "f", "description": "does f", "parameters": {"type": "object", "properties": {}}}}]' +
        'user:Hi;f{"a": 1, "b": "é"};tool:42;',
    );
  });

  test("have their arguments as text, where the template joins them to text", () => {
    const source = toolTemplate("{% for c in m.tool_calls %}{{ '<' + c.function.arguments + '>' }}{% endfor %}");
    expect(render(source, withResult, { tools: [tool] })).toContain('user:Hi;<{"a":1,"b":"é"}>tool:42;');
  });

  test("keep arguments that are no JSON as the text they are", () => {
    const source = toolTemplate("{% for c in m.tool_calls %}{{ c.function.arguments | tojson }}{% endfor %}");
    const cut = [user, { ...chatMessage("assistant"), toolCalls: [{ ...call, argumentsJson: '{"a' }] }];
    expect(render(source, cut, { tools: [tool] })).toContain('"{\\"a"');
  });

  test("wrap arguments that are no JSON, where the template only knows objects", () => {
    const source = toolTemplate(
      "{% for c in m.tool_calls %}{{ c.function.arguments | dictsort | tojson }}{% endfor %}",
    );
    const cut = [user, { ...chatMessage("assistant"), toolCalls: [{ ...call, argumentsJson: '{"a' }] }];
    expect(render(source, cut, { tools: [tool] })).toContain('[["arguments", "{\\"a"]]');
  });

  test("stand beside no content, where the template asks whether it is none", () => {
    const source = toolTemplate("{% if m.tool_calls and m.content is none %}{{ m.tool_calls | tojson }}{% endif %}");
    expect(render(source, withResult, { tools: [tool] })).toContain('"arguments": {"a": 1, "b": "é"}');
  });

  test("get ids of nine letters, the same in the result, where the template wants them", () => {
    const check =
      "{% if c.id | length != 9 %}{{ raise_exception('nine!') }}{% endif %}{{ c.id }}{{ c.function.arguments | tojson }}";
    const source = toolTemplate(
      `{% for c in m.tool_calls %}${check}{% endfor %}{% if m.tool_call_id %}={{ m.tool_call_id }}{% endif %}`,
    );
    const prompt = render(source, withResult, { tools: [tool] });
    const [, id, resultId] = /;(\w{9})\{.*=(\w{9})/.exec(prompt) ?? [];
    expect(id).toBeDefined();
    expect(resultId).toBe(id);
  });

  test("come one by one, where the template refuses several", () => {
    const one =
      "{% if m.tool_calls | length != 1 %}{{ raise_exception('one!') }}{% endif %}{{ m.tool_calls[0].function.arguments | tojson }};";
    const source = toolTemplate(`{% if m.tool_calls %}${one}{% endif %}`);
    const calls = [call, { ...call, id: "2", argumentsJson: '{"c": 2}' }];
    const messages = [
      user,
      { ...chatMessage("assistant"), toolCalls: calls },
      { ...chatMessage("tool", "first"), toolCallId: call.id },
      { ...chatMessage("tool", "second"), toolCallId: "2" },
    ];
    expect(render(source, messages, { tools: [tool] })).toContain(
      'user:Hi;{"a": 1, "b": "é"};tool:first;{"c": 2};tool:second;',
    );
  });

  test("are known to be missing in templates that do not describe tools, or do not write calls", () => {
    const plain = compileChatTemplate(each("{{ m.content }}"), options);
    expect([plain.describesTools, plain.writesCalls, plain.showsResults]).toEqual([false, false, true]);
    const described = compileChatTemplate(`{{ tools | tojson }}${each("{{ m.content }}")}`, options);
    expect([described.describesTools, described.writesCalls]).toEqual([true, false]);
  });
});

describe("errors", () => {
  test("say where a template is not valid Jinja", () => {
    expect(() => compileChatTemplate("{% if x %}", options)).toThrow(
      expect.objectContaining({
        param: "chat_template",
        message: expect.stringContaining("not valid Jinja") as string,
      }),
    );
  });

  test("are the template's own words when it refuses the messages", () => {
    const source =
      "{% if messages | length > 1 %}{{ raise_exception('Only one message!') }}{% endif %}{{ messages[0].content }}";
    expect(() => render(source, [user, user])).toThrow(
      expect.objectContaining({ param: "messages", message: expect.stringContaining("Only one message!") as string }),
    );
  });

  test("name the messages when the template stumbles over them", () => {
    const source = "{{ messages[0].content }}{% if messages | length > 1 %}{{ nothing.here() }}{% endif %}";
    expect(() => render(source, [user, user])).toThrow(expect.objectContaining({ param: "messages" }));
  });

  test("tell a template that works from one that never does", () => {
    expect(compileChatTemplate("{{ messages[0].content }}", options).fault).toBeUndefined();
    expect(compileChatTemplate("{{ raise_exception('never') }}", options).fault).toBe("never (line 1)");
    expect(compileChatTemplate("nothing of the messages", options).fault).toContain("leaves out");
  });
});

test.each([
  ["loops for ever", "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}"],
  [
    "counts for ever",
    "{% for a in range(10000) %}{% for b in range(10000) %}{% set c = a + b %}{% endfor %}{% endfor %}",
  ],
  ["asks for a long range", "{{ range(1000000000) }}"],
  [
    "writes too much",
    "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
  ],
  ["makes a long list", "{% set n = namespace(x=[1]) %}{% for a in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}"],
  [
    "searches long texts",
    "{% set n = namespace(x='a') %}{% for a in range(23) %}{% set n.x = n.x + n.x %}{% endfor %}{% for a in range(10000) %}{% if 'b' in n.x %}{% endif %}{% endfor %}",
  ],
  ["calls itself for ever", "{% macro a(self) %}{{ self(self) }}{% endmacro %}{{ a(a) }}"],
])("stops a template that %s", (_, source) => {
  const template = compileChatTemplate(source, { ...options, maxSteps: 200_000 });
  const input = { messages: [user], tools: [], variables: {}, addGenerationPrompt: true };
  expect(() => template.render(input)).toThrow(/chat template/);
});
