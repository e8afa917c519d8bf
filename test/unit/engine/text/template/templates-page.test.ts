import { expect, test } from "vitest";
import { compileChatTemplate, type ChatTemplate } from "../../../../../services/engine/text/template/chat-template.ts";
import {
  chooseReasoning,
  chooseToolParser,
} from "../../../../../services/engine/text/tool-calls/choose-tool-parser.ts";
import { writeCalls } from "../../../../../services/engine/text/tool-calls/derived/write-calls.ts";
import { bundledTemplates } from "../../../../support/bundled-templates.ts";

const example = [{ id: "abcdefghi", name: "get_weather", argumentsJson: '{"city": "Bern", "days": 3}' }];

/** One line for a template: what it does itself, how its calls are recognised and written, what stands around reasoning. */
function row(name: string, source: string): string {
  const template = compileChatTemplate(source, { bosToken: "<s>", eosToken: "</s>" });
  if (template.fault !== undefined) return cells(name, `fails: ${template.fault}`, "", "", "");
  const { toolParser, form } = chooseToolParser(source, template);
  const reasoning = chooseReasoning(source, template);
  return cells(
    name,
    tools(template),
    toolParser.name,
    form === undefined ? "" : code(writeCalls(form, example)),
    reasoning === undefined ? "" : `${code(reasoning.start)} ${code(reasoning.end)}`,
  );
}

function tools({ describesTools, writesCalls }: ChatTemplate): string {
  if (describesTools && writesCalls) return "its own";
  if (describesTools) return "describes tools; calls are told as text";
  return writesCalls ? "writes calls; tools are described in words" : "none: said in words";
}

function cells(...texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |`;
}

/** Text as code in a table's cell: line ends and bars are shown by their escapes. */
function code(text: string): string {
  const shown = text.replaceAll("\n", String.raw`\n`).replaceAll("|", String.raw`\|`);
  return shown.includes("`") ? `\`\` ${shown} \`\`` : `\`${shown}\``;
}

test("docs/templates.md says what is derived from each template of llama.cpp's release (npm run templates)", async () => {
  const rows = [...bundledTemplates()].map(([name, source]) => row(name, source));
  const page = [
    "# Chat templates",
    "",
    "A model's own chat template is rendered as Hugging Face's Transformers does with Jinja2, and how the model writes tool",
    "calls and reasoning is read from what the template makes of a few small conversations: no model has code of its own",
    "here, but gpt-oss (harmony), Functionary v3.2 and Gemma. This page is made from the templates that llama.cpp's release",
    "carries, by `npm run templates`.",
    "",
    "- **tools**: what the template does itself. What it has no place for is said in words: the system message describes the",
    "  tools and how to call them.",
    "- **calls**: `derived` from the template; `generic` are JSON objects in the text; the others are parsers by hand.",
    '- **a call**: `get_weather` with `city` and `days`, as `tool_choice: "required"` forces it.',
    "",
    "Messages reach a template as they were sent, with the arguments of calls as objects, and the prompt is what Jinja2 makes",
    "of them. Only a template that refuses them is given them in another way: a system message within the first user's,",
    "empty text for content that is `null`, calls one by one, ids of nine letters. Besides, a thought comes under the name",
    "that the template reads (`thinking`, `reasoning`), developers' messages are the system's for templates that do not know",
    "them, an empty list of tools is none, and calls of a message whose content is `null` are told as text by templates that",
    "would write that word for them. Lists and dictionaries can be changed (`append`), which Transformers' sandbox refuses.",
    "A template that cannot write one user message is an error at the start that names the construct and its line; prompts",
    "are chatml then, until `chat_template` or `chat_format` say otherwise.",
    "",
    "| template | tools | calls | a call | reasoning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../../../../../docs/templates.md");
});
