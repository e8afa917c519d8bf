import { foldSystem, splitCalls } from "./bend-messages.ts";
import {
  hasMedia,
  messageText,
  type ChatMessage,
  type ChatRole,
  type ChatTool,
  type ChatToolCall,
} from "../chat-messages.ts";
import { parseExactJson } from "../../../../clients/json/exact-json.ts";
import { Dict } from "./jinja/values/dict.ts";
import { fromJson } from "./jinja/values/json/from-json.ts";
import type { Value } from "./jinja/values/value.ts";

/** What a template makes of the messages it is given; the answers are found by trying it (template-shape.ts). */
export interface TemplateShape {
  /** Whether a message's content is a text, or a list of typed parts. */
  readonly content: "text" | "parts";
  /** Whether messages of a role may have a list of typed parts, where their content is a text otherwise. */
  readonly takesParts: (role: ChatRole) => boolean;
  /** Whether the template writes a system message; dropped: without a word, refused: it fails. */
  readonly system: "written" | "dropped" | "refused";
  /** false: developer messages have to be called system messages. */
  readonly developer: boolean;
  /** What the variable `tools` is without tools: Transformers gives none, some templates fail on it. */
  readonly noTools: "none" | "empty";
  readonly reasoningKey: "reasoning_content" | "reasoning" | "thinking";
  /** false: a message that has a text and calls is refused with a thought as well (gpt-oss). */
  readonly reasonsBesideText: boolean;
  /** false: tools need words (tool-calls/tool-prompt.ts). */
  readonly describesTools: boolean;
  /** Whether results of tools are written where no calls are; else they need words too. */
  readonly showsResults: boolean;
  /** undefined: the template does not write calls and results: they need words. */
  readonly tools: ToolShape | undefined;
  /** false: a tool without parameters has to be given empty ones. */
  readonly bareTools: boolean;
}

export interface ToolShape {
  /** Whether a call's arguments are an object, or its JSON text. */
  readonly arguments: "object" | "text";
  /** The content of an assistant message that only has calls, where the request says "". */
  readonly emptyContent: "" | null;
  /** The same where the request says null. */
  readonly nullContent: "" | null;
  /** The same where the request does not say; undefined: it is left out. */
  readonly noContent: "" | null | undefined;
  /** nine: Mistral's templates want ids of nine letters and digits. */
  readonly ids: "any" | "nine";
  /** Whether a result says the tool's name: as in the request, or always, where the template fails without. */
  readonly resultNames: "sent" | "found";
  /** false: all calls of a message but the first are refused, or forgotten. */
  readonly several: boolean;
  /** Where arguments are an object: whether a text is taken as well. */
  readonly takesText: boolean;
}

/** The shape in which a conversation is tried first: as it was sent, bent only where that would be refused, or lost. */
export function asSent(shape: TemplateShape): TemplateShape {
  const { system, tools } = shape;
  return {
    ...shape,
    system: system === "refused" ? "written" : system,
    reasonsBesideText: true,
    bareTools: true,
    tools: tools && { ...tools, nullContent: null, several: true },
  };
}

/** The messages as Transformers hands them to a chat template, bent to what the template takes. */
export function templateMessages(messages: readonly ChatMessage[], shape: TemplateShape): Value {
  let bent = messages;
  if (!shape.developer) bent = bent.map((it) => (it.role === "developer" ? { ...it, role: "system" } : it));
  if (shape.system !== "written") bent = foldSystem(bent);
  if (shape.tools?.several === false) bent = splitCalls(bent);
  return bent.map((message) => templateMessage(message, shape));
}

/** Tools in OpenAI's shape, which is also Transformers'. */
export function templateTools(tools: readonly ChatTool[], shape: TemplateShape): Value {
  if (tools.length === 0) return shape.noTools === "none" ? null : [];
  const missing = shape.bareTools ? undefined : record({ type: "object", properties: new Dict() });
  return tools.map(({ name, description, parameters }) =>
    record({
      type: "function",
      function: record({
        name,
        description: description === "" ? undefined : description,
        parameters: parameters === undefined ? missing : fromJson(parameters),
      }),
    }),
  );
}

/** A dictionary of the members that there are. */
function record(members: Readonly<Record<string, Value | undefined>>): Dict {
  const dict = new Dict();
  for (const [name, value] of Object.entries(members)) if (value !== undefined) dict.set(name, value);
  return dict;
}

function templateMessage(message: ChatMessage, shape: TemplateShape): Dict {
  const { role, toolCallId, toolCalls } = message;
  const name = shape.tools?.resultNames === "found" ? message.name || message.toolName : message.name;
  return record({
    role,
    content: templateContent(message, shape),
    name: name === "" ? undefined : name,
    ...templateReasoning(message, shape),
    tool_call_id: toolCallId === "" ? undefined : templateCallId(toolCallId, shape.tools),
    tool_calls: toolCalls.length === 0 ? undefined : toolCalls.map((call) => templateCall(call, shape.tools)),
  });
}

function templateContent(message: ChatMessage, { content, tools, takesParts }: TemplateShape): Value | undefined {
  const { role, toolCalls, contentForm } = message;
  const text = messageText(message);
  if (text === "" && toolCalls.length > 0 && tools !== undefined) {
    if (message.content.length > 0) return tools.emptyContent;
    return contentForm === "null" ? tools.nullContent : tools.noContent;
  }
  // llama-server does not show templates the parts around a picture either.
  const isWhole = hasMedia(message);
  if (content === "text" && (isWhole || contentForm !== "parts" || !takesParts(role))) return text;
  const parts = isWhole ? [text] : message.content;
  return parts.map((part) => record({ type: "text", text: part }));
}

function templateReasoning(message: ChatMessage, shape: TemplateShape): Readonly<Record<string, Value>> {
  if (message.reasoning === "") return {};
  const isBesides = messageText(message) !== "" && message.toolCalls.length > 0;
  return isBesides && !shape.reasonsBesideText ? {} : { [shape.reasoningKey]: message.reasoning };
}

function templateCall({ id, name, argumentsJson }: ChatToolCall, shape: ToolShape | undefined): Dict {
  return record({
    id: id === "" ? undefined : templateCallId(id, shape),
    type: "function",
    function: record({ name, arguments: templateArguments(argumentsJson, shape) }),
  });
}

function templateArguments(json: string, shape: ToolShape | undefined): Value {
  if (shape?.arguments === "text") return json || "{}";
  try {
    return json === "" ? new Dict() : fromJson(parseExactJson(json));
  } catch {
    // A model's call that was cut off is not JSON, and has to be shown to it again all the same.
    return shape?.takesText === false ? record({ arguments: json }) : json;
  }
}

function templateCallId(id: string, shape: ToolShape | undefined): string {
  if (shape?.ids !== "nine" || /^[A-Za-z0-9]{9}$/.test(id)) return id;
  // FNV-1a: the same id always becomes the same one, so that calls and their results still match.
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(36).padStart(9, "0");
}
