import type { JsonValue } from "@bufbuild/protobuf";
import { foldSystem, splitCalls } from "./bend-messages.ts";
import { messageText, type ChatMessage, type ChatTool, type ChatToolCall } from "../chat-messages.ts";

/** What a template makes of the messages it is given; the answers are found by trying it (template-shape.ts). */
export interface TemplateShape {
  /** Whether a message's content is a text, or a list of typed parts. */
  readonly content: "text" | "parts";
  /** false: the template has no place for a system message, or refuses it. */
  readonly system: boolean;
  /** false: developer messages have to be called system messages. */
  readonly developer: boolean;
  /** What the variable `tools` is without tools: Transformers gives none, some templates fail on it. */
  readonly noTools: null | readonly [];
  readonly reasoningKey: "reasoning_content" | "thinking";
  /** undefined: the template does not describe tools or does not write calls; tools need words (tool-prompt.ts). */
  readonly tools: ToolShape | undefined;
}

export interface ToolShape {
  /** Whether a call's arguments are an object, or its JSON text. */
  readonly arguments: "object" | "text";
  /** The content of an assistant message that only has calls. */
  readonly emptyContent: "" | null;
  /** nine: Mistral's templates want ids of nine letters and digits. */
  readonly ids: "any" | "nine";
  /** false: the template refuses or forgets all calls of a message but the first. */
  readonly several: boolean;
  /** Where arguments are an object: whether a text is taken as well. */
  readonly takesText: boolean;
}

export type TemplateMessage = Readonly<Record<string, JsonValue>>;

/** The messages as Transformers hands them to a chat template, bent to what the template takes. */
export function templateMessages(messages: readonly ChatMessage[], shape: TemplateShape): TemplateMessage[] {
  let bent = messages;
  if (!shape.developer) bent = bent.map((it) => (it.role === "developer" ? { ...it, role: "system" } : it));
  if (!shape.system) bent = foldSystem(bent);
  if (shape.tools?.several === false) bent = splitCalls(bent);
  return bent.map((message) => templateMessage(message, shape));
}

/** Tools in OpenAI's shape, which is also Transformers'. */
export function templateTools(tools: readonly ChatTool[]): TemplateMessage[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: {
      name,
      ...(description !== "" && { description }),
      // Templates walk through parameters.properties without asking whether they are there.
      // The interpreter knows no numbers but JavaScript's.
      parameters: JSON.parse(JSON.stringify(parameters ?? { type: "object", properties: {} })) as JsonValue,
    },
  }));
}

function templateMessage(message: ChatMessage, shape: TemplateShape): TemplateMessage {
  const { role, name, toolCallId, toolCalls } = message;
  return {
    role,
    content: templateContent(message, shape),
    ...(name !== "" && { name }),
    ...templateReasoning(message, shape),
    ...(toolCallId !== "" && { tool_call_id: templateCallId(toolCallId, shape.tools) }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => templateCall(call, shape.tools)) }),
  };
}

function templateContent(message: ChatMessage, shape: TemplateShape): JsonValue {
  const text = messageText(message);
  if (text === "" && message.toolCalls.length > 0) return shape.tools === undefined ? "" : shape.tools.emptyContent;
  return shape.content === "text" ? text : message.content.map((part) => ({ type: "text", text: part }));
}

function templateReasoning(message: ChatMessage, { reasoningKey }: TemplateShape): TemplateMessage {
  if (message.reasoning === "") return {};
  // gpt-oss writes what stands before a call as reasoning too, and refuses to be given both.
  const both = messageText(message) !== "" && message.toolCalls.length > 0;
  return reasoningKey === "thinking" && both ? {} : { [reasoningKey]: message.reasoning };
}

function templateCall(call: ChatToolCall, shape: ToolShape | undefined): JsonValue {
  const { id, name, argumentsJson } = call;
  return {
    id: templateCallId(id, shape),
    type: "function",
    function: { name, arguments: templateArguments(argumentsJson, shape) },
  };
}

function templateArguments(json: string, shape: ToolShape | undefined): JsonValue {
  if (shape?.arguments === "text") return json || "{}";
  try {
    return json === "" ? {} : (JSON.parse(json) as JsonValue);
  } catch {
    // A model's call that was cut off is no JSON, and has to be shown to it again all the same.
    return shape?.takesText === false ? { arguments: json } : json;
  }
}

function templateCallId(id: string, shape: ToolShape | undefined): string {
  if (shape?.ids !== "nine" || /^[A-Za-z0-9]{9}$/.test(id)) return id;
  // FNV-1a: the same id always becomes the same one, so that calls and their results still match.
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(36).padStart(9, "0");
}
