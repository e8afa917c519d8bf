import type { ChatInput } from "../../trpc/inputs.ts";
import { t } from "../i18n/language.ts";
import { type ChatSettings, type Read, readSchema, readTools } from "./chat-settings.ts";
import { type Conversation, type Message, pathTo, type UserMessage } from "./conversation.ts";

/**
 * The request for an answer to the branch that ends with `leaf`, which goes on where `leaf` is an answer itself; or what is
 * wrong with the settings.
 */
export function toChatInput(conversation: Conversation, leaf: string): Read<ChatInput> {
  const { settings, model } = conversation;
  const tools = readTools(settings.tools, t.value);
  if ("problem" in tools) return tools;
  const responseFormat = toResponseFormat(settings);
  if (responseFormat !== undefined && "problem" in responseFormat) return responseFormat;
  const system = settings.systemPrompt.trim();
  return {
    value: {
      ...(model !== undefined && { model }),
      messages: [
        ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
        ...pathTo(conversation, leaf).flatMap(toInputMessage),
      ],
      ...(tools.value.length > 0 && { tools: tools.value }),
      ...(responseFormat && { responseFormat: responseFormat.value }),
      ...(conversation.messages[leaf]?.role === "assistant" && { promptEnd: "continue" }),
      options: toOptions(settings.options),
      ...toReasoning(settings),
    },
  };
}

/** Lists are typed a line each; empty lines are not items. */
function toOptions(options: ChatSettings["options"]): NonNullable<ChatInput["options"]> {
  const entries = Object.entries(options).map(([name, value]: [string, unknown]) => {
    return [name, Array.isArray(value) ? value.filter((line) => line !== "") : value] as const;
  });
  return { ...Object.fromEntries(entries), reportProgress: true };
}

function toInputMessage(message: Message): ChatInput["messages"] {
  switch (message.role) {
    case "user":
      return [{ role: "user", content: toContent(message) }];
    case "tool":
      return [{ role: "tool", content: message.text, toolCallId: message.toolCallId, name: message.name }];
    case "assistant": {
      const { text, reasoning, toolCalls } = message;
      // An answer that failed before its first word says nothing.
      if (text === "" && toolCalls.length === 0) return [];
      return [
        {
          role: "assistant",
          content: text,
          ...(reasoning !== "" && { reasoning }),
          ...(toolCalls.length > 0 && { toolCalls: [...toolCalls] }),
        },
      ];
    }
  }
}

/** Pictures stand before the text, as most models were trained. */
function toContent({ text, pictures = [] }: UserMessage): NonNullable<ChatInput["messages"][number]["content"]> {
  if (pictures.length === 0) return text;
  const shown = pictures.map((url) => ({ type: "image" as const, url }));
  return text.trim() === "" ? shown : [...shown, { type: "text", text }];
}

function toResponseFormat(settings: ChatSettings): Read<NonNullable<ChatInput["responseFormat"]>> | undefined {
  switch (settings.format) {
    case "text":
      return undefined;
    case "json":
      return { value: { type: "jsonObject" } };
    case "schema": {
      const schema = readSchema(settings.schema, t.value);
      return "problem" in schema ? schema : { value: { type: "jsonSchema", schema: schema.value, strict: true } };
    }
  }
}

function toReasoning({ reasoning, reasoningBudget }: ChatSettings): Pick<ChatInput, "reasoning"> {
  if (reasoning === "off") return { reasoning: { enabled: false } };
  return {
    reasoning: {
      ...(reasoning === "on" && { enabled: true }),
      ...(reasoningBudget !== undefined && { budgetTokens: reasoningBudget }),
    },
  };
}
