import { invalidParameter } from "../../../clients/errors.ts";
import { ContentForm, type MessageSchema, Role, type ToolCallSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { AssistantMessage, ChatMessage, MessageContent } from "../schema/messages.ts";
import type { Init } from "../../dialect/deps.ts";
import { audioPart, base64Url, imagePart, type PartInit, textPart } from "../../dialect/request/media-parts.ts";

export type MessageInit = Init<typeof MessageSchema>;
type ToolCallInit = Init<typeof ToolCallSchema>;

/** A conversation for the proto. Legacy function calls become tool calls, and their results find their call's id. */
export function messagesToProto(messages: readonly ChatMessage[]): MessageInit[] {
  const legacyIds = new Map<string, string>();
  return messages.map((message, index): MessageInit => {
    switch (message.role) {
      case "system":
        return { role: Role.SYSTEM, ...spoken(message) };
      case "developer":
        return { role: Role.DEVELOPER, ...spoken(message) };
      case "user":
        return { role: Role.USER, ...spoken(message) };
      case "tool":
        return { role: Role.TOOL, ...spoken(message), toolCallId: message.tool_call_id };
      case "function":
        return {
          role: Role.TOOL,
          ...contentToProto(message.content),
          name: message.name,
          toolCallId: legacyIds.get(message.name) ?? legacyId(message.name, index),
        };
      case "assistant": {
        const legacy = message.function_call;
        if (legacy != null) legacyIds.set(legacy.name, legacyId(legacy.name, index));
        return assistantToProto(message, index);
      }
    }
  });
}

function spoken(message: { readonly content: MessageContent; readonly name?: string | null | undefined }) {
  return { ...contentToProto(message.content), name: message.name ?? "" };
}

function assistantToProto(message: AssistantMessage, index: number): MessageInit {
  const toolCalls = toolCallsToProto(message, index);
  // A refusal is what the assistant said, in a field of its own.
  const spoken = contentToProto(message.content ?? message.refusal ?? message.content);
  const reasoning = message.reasoning_content ?? message.reasoning ?? "";
  if (spoken.content.length === 0 && toolCalls.length === 0 && reasoning === "") {
    throw invalidParameter(
      `messages[${index}].content`,
      `messages[${index}] is an assistant's message with neither content nor tool_calls`,
    );
  }
  return { role: Role.ASSISTANT, ...spoken, toolCalls, reasoning, name: message.name ?? "" };
}

function toolCallsToProto(message: AssistantMessage, index: number): ToolCallInit[] {
  const calls = (message.tool_calls ?? []).map((call) => ({
    id: call.id,
    name: call.function.name,
    argumentsJson: call.function.arguments,
  }));
  const legacy = message.function_call;
  if (legacy == null) return calls;
  return [...calls, { id: legacyId(legacy.name, index), name: legacy.name, argumentsJson: legacy.arguments }];
}

/** Legacy calls have no id; the message's place in the conversation makes one that is the same in every turn. */
function legacyId(name: string, index: number): string {
  return `call_${index}_${name}`;
}

function contentToProto(content: MessageContent | null | undefined): {
  content: PartInit[];
  contentForm?: ContentForm;
} {
  if (content === undefined) return { content: [] };
  if (content === null) return { content: [], contentForm: ContentForm.NULL };
  if (typeof content === "string") return { content: [textPart(content)] };
  return { content: content.map(partToProto), contentForm: ContentForm.PARTS };
}

function partToProto(part: Exclude<MessageContent, string>[number]): PartInit {
  switch (part.type) {
    case "text":
      return textPart(part.text);
    case "refusal":
      return textPart(part.refusal);
    case "image_url":
      return typeof part.image_url === "string"
        ? imagePart(part.image_url)
        : imagePart(part.image_url.url, part.image_url);
    case "input_audio":
      return audioPart(base64Url(part.input_audio.data, `audio/${part.input_audio.format}`));
  }
}
