import { invalidParameter } from "../../../clients/errors.ts";
import { type ExactJson, parseExactJson } from "../../../clients/json/exact-json.ts";
import { ContentForm, Role, type Message, type Tool } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { parsePart } from "./media/parse-part.ts";
import { isMediaMark, type MediaMarks } from "./media/media-marks.ts";

export type ChatRole = "system" | "developer" | "user" | "assistant" | "tool";

/** A checked message, in the shape that chat formats and templates are given. Absent strings are "". */
export interface ChatMessage {
  readonly role: ChatRole;
  /** The parts, in order; a mark stands for a picture or a sound (media-marks.ts). */
  readonly content: readonly string[];
  /** How the content was given; unset: as a text, or not at all where there are no parts. */
  readonly contentForm?: "null" | "parts" | undefined;
  readonly toolCalls: readonly ChatToolCall[];
  /** Tool messages: the call that is answered. */
  readonly toolCallId: string;
  /** The speaker's name, as the request has it. */
  readonly name: string;
  /** Tool messages: the tool, by its name or the id of the call. */
  readonly toolName: string;
  /** Assistant messages: what was thought before the answer. */
  readonly reasoning: string;
}

export interface ChatToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it, which need not be valid. */
  readonly argumentsJson: string;
}

export interface ChatTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments; undefined when the request has none. */
  readonly parameters: ExactJson | undefined;
}

const roles: Readonly<Partial<Record<Role, ChatRole>>> = {
  [Role.SYSTEM]: "system",
  [Role.DEVELOPER]: "developer",
  [Role.USER]: "user",
  [Role.ASSISTANT]: "assistant",
  [Role.TOOL]: "tool",
};

const contentForms: Readonly<Partial<Record<ContentForm, "null" | "parts">>> = {
  [ContentForm.NULL]: "null",
  [ContentForm.PARTS]: "parts",
};

/**
 * Throws INVALID_PARAMETER, with the path of the field, on what cannot be shown to a model. Pictures and sounds are
 * put into `marks`.
 */
export function parseChatMessages(messages: readonly Message[], marks: MediaMarks): ChatMessage[] {
  if (messages.length === 0) throw invalidParameter("messages", "messages is empty: at least one message is needed");
  const toolNames = new Map<string, string>();
  return messages.map((message, i) => {
    const role = roles[message.role];
    if (role === undefined) throw invalidParameter(`messages[${i}].role`, `unknown role ${message.role}`);
    for (const call of message.toolCalls) toolNames.set(call.id, call.name);
    return {
      role,
      content: message.content.map((part, j) => marks.mark(parsePart(part, `messages[${i}].content[${j}]`))),
      contentForm: contentForms[message.contentForm],
      toolCalls: message.toolCalls,
      toolCallId: message.toolCallId,
      name: message.name,
      toolName: role === "tool" ? message.name || (toolNames.get(message.toolCallId) ?? "") : "",
      reasoning: message.reasoning,
    };
  });
}

/** Throws INVALID_PARAMETER on parameters that are not JSON. */
export function parseChatTools(tools: readonly Tool[]): ChatTool[] {
  return tools.map(({ name, description, parametersJson }, i) => {
    if (parametersJson === "") return { name, description, parameters: undefined };
    return { name, description, parameters: parseParameters(parametersJson, `tools[${i}].function.parameters`) };
  });
}

/** A call's arguments are an object, so that a schema which says something else is a mistake. */
function parseParameters(json: string, param: string): ExactJson {
  let parameters: ExactJson;
  try {
    parameters = parseExactJson(json);
  } catch (cause) {
    throw invalidParameter(param, `not JSON: ${(cause as Error).message}`);
  }
  const { type = "object" } = Object(parameters) as { readonly type?: ExactJson };
  if (type === "object" || (Array.isArray(type) && type.includes("object"))) return parameters;
  throw invalidParameter(param, `${param} must be a schema of type "object", and is of type ${JSON.stringify(type)}`);
}

/** The whole text of a message: parts are lines of it, but for pictures and sounds, which stand in a line; as in llama.cpp. */
export function messageText({ content }: Pick<ChatMessage, "content">): string {
  return content.reduce((text, part, i) => {
    const inLine = i === 0 || isMediaMark(part) || isMediaMark(content[i - 1] ?? "");
    return inLine ? text + part : `${text}\n${part}`;
  }, "");
}

/** Whether a part of it is a picture or a sound. */
export function hasMedia({ content }: Pick<ChatMessage, "content">): boolean {
  return content.some(isMediaMark);
}
