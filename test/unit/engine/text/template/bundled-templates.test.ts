import { create } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExactJson, type ExactJson } from "../../../../../clients/json/exact-json.ts";
import { ExactNumber } from "../../../../../clients/json/exact-number.ts";
import { ChatRequestSchema } from "../../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { createChatPrompter } from "../../../../../services/engine/text/chat-prompt.ts";
import { JinjaError } from "../../../../../services/engine/text/template/jinja/jinja-error.ts";
import { parseJinja, type JinjaTemplate } from "../../../../../services/engine/text/template/jinja/jinja-template.ts";
import { fromJson } from "../../../../../services/engine/text/template/jinja/values/json/from-json.ts";
import { promptFieldsSchema } from "../../../../../shim/openai/schema/prompt-fields.ts";
import { promptToProto } from "../../../../../shim/openai/to-proto/prompt.ts";
import { bundledTemplates } from "../../../../support/bundled-templates.ts";

interface Conversation {
  readonly name: string;
  readonly messages: readonly { readonly tool_calls?: unknown; readonly content?: unknown }[];
  readonly tools?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, ExactJson>>;
  /** Whether the prompt opens the model's turn; unset: it does. */
  readonly gen?: boolean;
}

const data = new URL("../../../../data/chat-templates/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, data), "utf8");
const conversations = parseExactJson(read("conversations.json")) as unknown as readonly Conversation[];
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
  if (typeof json !== "object" || json === null || json instanceof ExactNumber) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withArguments(value, key)]));
}

function render(template: JinjaTemplate, conversation: Conversation): string | null {
  for (const form of ["object", "text"]) {
    try {
      const variables = {
        ...(asSent(conversation, form === "object") as Readonly<Record<string, ExactJson>>),
        documents: null,
        add_generation_prompt: conversation.gen ?? true,
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
    const others = conversations.filter(({ messages, tools, kwargs, gen }, i) => {
      const jinja = recorded[name]?.[i];
      if (jinja == null) return false;
      const sent = {
        messages,
        tools,
        chat_template: chatTemplate,
        chat_template_kwargs: kwargs,
        add_generation_prompt: gen,
      };
      const request = create(ChatRequestSchema, promptToProto(promptFieldsSchema.parse(sent)));
      return !jinja.endsWith(hash(prompter.prompt(request).prompt));
    });
    expect(others.map((conversation) => conversation.name)).toEqual(bent(name));
  });
});

/** The conversations that a template is given in another way, because it would drop a part of them. */
function bent(template: string): readonly string[] {
  const own = exceptions[template];
  if (typeof own !== "string") return own ?? [];
  const hasCalls = ({ messages }: Conversation) => messages.some((message) => message.tool_calls !== undefined);
  const hasNull = ({ messages }: Conversation) => messages.some((message) => message.content === null);
  return conversations
    .filter((it, i) => {
      if (recorded[template]?.[i] == null) return false;
      if (own === "null") return hasNull(it);
      return (it.tools !== undefined && it.tools.length > 0) || (own === "tools and calls" && hasCalls(it));
    })
    .map(({ name }) => name);
}

/** A template with no place for tools or calls: all conversations with them. null: where it would write that word for calls. */
const exceptions: Readonly<Record<string, "tools" | "tools and calls" | "null" | readonly string[]>> = {
  "HuggingFaceTB-SmolLM3-3B": "tools and calls",
  "LFM2-8B-A1B": "null",
  "LFM2.5-8B-A1B": ["reasoning and calls"],
  "LFM2.5-Instruct": "null",
  "MiniMax-M1": ["no tools, empty list"],
  "Mistral-Small-3.2-24B-Instruct-2506": ["no tools, empty list"],
  "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": "tools",
  "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": "tools",
  "deepseek-ai-DeepSeek-V3.1": "tools",
  "google-gemma-2-2b-it": "tools and calls",
  "llama-cpp-rwkv-world": "tools and calls",
  "meta-llama-Llama-3.1-8B-Instruct": ["no tools, empty list"],
  "meta-llama-Llama-3.2-3B-Instruct": ["no tools, empty list"],
  "meta-llama-Llama-3.3-70B-Instruct": ["no tools, empty list"],
  "microsoft-Phi-3.5-mini-instruct": "tools and calls",
  "mistralai-Mistral-Nemo-Instruct-2407": ["no tools, empty list"],
  "openai-gpt-oss-120b": ["reasoning and calls"],
  "upstage-Solar-Open-100B": ["reasoning and calls"],
};
