import { create } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExactJson, type ExactJson } from "../../../../../clients/json/exact-json.ts";
import { ChatRequestSchema } from "../../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { createChatPrompter } from "../../../../../services/engine/text/chat-prompt.ts";
import { JinjaError } from "../../../../../services/engine/text/template/jinja/jinja-error.ts";
import { parseJinja, type JinjaTemplate } from "../../../../../services/engine/text/template/jinja/jinja-template.ts";
import { fromJson } from "../../../../../services/engine/text/template/jinja/values/from-json.ts";
import { messagesToProto } from "../../../../../shim/openai/to-proto/messages.ts";
import { toolsToProto } from "../../../../../shim/openai/to-proto/tools.ts";
import { bundledTemplates } from "../../../../support/bundled-templates.ts";

interface Conversation {
  readonly name: string;
  readonly messages: Parameters<typeof messagesToProto>[0];
  readonly tools?: NonNullable<Parameters<typeof toolsToProto>[0]["tools"]>;
  readonly kwargs?: Record<string, boolean | string>;
}

const data = new URL("../../../../data/chat-templates/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, data), "utf8");
const conversations = JSON.parse(read("conversations.json")) as Conversation[];
const recorded = JSON.parse(read("recorded.json")) as Readonly<Record<string, readonly (string | null)[]>>;
const templates = [...bundledTemplates()];
const tokens = { bosToken: "<|bos|>", eosToken: "<|eos|>" };
const now = new Date(2026, 0, 2, 3, 4, 5);

/** The conversation as Transformers gets it; `objects`: with the arguments of its calls read. */
function asSent({ messages, tools, kwargs }: Conversation, objects: boolean): ExactJson {
  const sent = parseExactJson(JSON.stringify({ messages, tools: tools ?? null, ...kwargs }));
  return objects ? withArguments(sent) : sent;
}

function withArguments(json: ExactJson, name = ""): ExactJson {
  if (name === "arguments" && typeof json === "string") return parseExactJson(json);
  if (Array.isArray(json)) return (json as readonly ExactJson[]).map((item) => withArguments(item));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withArguments(value, key)]));
}

function render(template: JinjaTemplate, conversation: Conversation): string | null {
  for (const form of ["object", "text"]) {
    try {
      const variables = {
        ...(asSent(conversation, form === "object") as Readonly<Record<string, ExactJson>>),
        documents: null,
        add_generation_prompt: true,
        bos_token: tokens.bosToken,
        eos_token: tokens.eosToken,
      };
      const values = Object.entries(variables).map(([name, value]) => [name, fromJson(value)] as const);
      const prompt = template.render({ variables: Object.fromEntries(values), now, maxSteps: 1_000_000 });
      return `${form} ${hash(prompt)}`;
    } catch (error) {
      if (!(error instanceof JinjaError)) throw error;
    }
  }
  return null;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 24);

describe("a conversation as it was sent becomes what Jinja2 makes of it, or is refused as there", () => {
  test.each(templates)("%s", (name, source) => {
    const template = parseJinja(source);
    const prompts = conversations.map((conversation) => render(template, conversation));
    // Jinja2's sandbox refuses templates that change lists, and JSON of generators: here they work.
    const isRefused = (i: number) => recorded[name]?.[i] === null && /\.append\(|\| map\(.*\| tojson/.test(source);
    expect(prompts.map((prompt, i) => (isRefused(i) ? null : prompt))).toEqual(recorded[name]);
  });
});

describe("a request becomes the same prompt", () => {
  const prompter = createChatPrompter({ ...tokens, templates: {}, addsBos: false, now: () => now });

  test.each(templates)("%s", (name, chatTemplate) => {
    const others = conversations.filter(({ messages, tools, kwargs }, i) => {
      const jinja = recorded[name]?.[i];
      if (jinja == null) return false;
      const request = create(ChatRequestSchema, {
        messages: messagesToProto(messages),
        tools: toolsToProto({ tools }).tools ?? [],
        chatTemplate,
        ...(kwargs && { chatTemplateKwargs: kwargs }),
      });
      return !jinja.endsWith(hash(prompter.prompt(request).prompt));
    });
    expect(others.map((conversation) => conversation.name)).toEqual(bent(name));
  });
});

/** The conversations that a template is given in another way, because it would drop a part of them. */
function bent(template: string): readonly string[] {
  const withTools = conversations.filter(({ tools }) => tools !== undefined && tools.length > 0);
  const isRendered = ({ name }: Conversation) =>
    recorded[template]?.[conversations.findIndex((it) => it.name === name)] != null;
  const own = exceptions[template];
  if (typeof own !== "string") return own ?? [];
  const hasCalls = ({ messages }: Conversation) => messages.some((message) => "tool_calls" in message);
  return withTools.filter((it) => isRendered(it) && (own === "tools" || hasCalls(it))).map(({ name }) => name);
}

/** "tools", "calls": all that have them, because the template has no place for them. */
const exceptions: Readonly<Record<string, "tools" | "calls" | readonly string[]>> = {
  "GLM-4.6": ["one call, content null"],
  "GLM-4.7-Flash": ["one call, content null"],
  "GigaChat3-10B-A1.8B": ["two calls"],
  "GigaChat3.1-10B-A1.8B": ["two calls"],
  "HuggingFaceTB-SmolLM3-3B": "tools",
  "LFM2-8B-A1B": "calls",
  "LFM2.5-8B-A1B": ["reasoning and calls"],
  "LFM2.5-Instruct": "calls",
  "MiniMax-M1": ["no tools, empty list"],
  "MiniMax-M2": ["one call, content null"],
  "Mistral-Small-3.2-24B-Instruct-2506": ["no tools, empty list"],
  "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": "tools",
  "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": "tools",
  "deepseek-ai-DeepSeek-V3.1": "tools",
  "google-gemma-2-2b-it": "tools",
  "ibm-granite-granite-3.3-2B-Instruct": "calls",
  "llama-cpp-rwkv-world": "tools",
  "meta-llama-Llama-3.1-8B-Instruct": ["no tools, empty list"],
  "meta-llama-Llama-3.2-3B-Instruct": ["no tools, empty list"],
  "meta-llama-Llama-3.3-70B-Instruct": ["no tools, empty list"],
  "microsoft-Phi-3.5-mini-instruct": "tools",
  "mistralai-Mistral-Nemo-Instruct-2407": ["no tools, empty list"],
  "openai-gpt-oss-120b": ["two calls", "reasoning and calls"],
};
