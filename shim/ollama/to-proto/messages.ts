import { jsonText } from "../../../clients/json/source-text.ts";
import { type MessageSchema, PromptEnd, Role, type ToolSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { base64Url, imagePart, type PartInit, textPart } from "../../dialect/request/media-parts.ts";
import type { OllamaMessage, OllamaTool } from "../schema/chat-request.ts";

export type MessageInit = Init<typeof MessageSchema>;

const roles = { system: Role.SYSTEM, user: Role.USER, assistant: Role.ASSISTANT, tool: Role.TOOL } as const;

/** A conversation for the proto. Calls need no id in Ollama's API: a result finds its call by the tool's name, or by its turn. */
export function messagesToProto(messages: readonly OllamaMessage[]): MessageInit[] {
  let open: { readonly id: string; readonly name: string }[] = [];
  return messages.map((message, index): MessageInit => {
    const shared = { role: roles[message.role], content: contentToProto(message) };
    if (message.role === "tool") {
      const call = takeCall(message);
      return {
        ...shared,
        toolCallId: message.tool_call_id || (call?.id ?? ""),
        name: message.tool_name ?? call?.name ?? "",
      };
    }
    if (message.role !== "assistant") return shared;
    const toolCalls = (message.tool_calls ?? []).map(({ id, function: fn }, at) => ({
      id: id || `call_${index}_${at}`,
      name: fn.name,
      argumentsJson: fn.arguments == null ? "{}" : jsonText(fn.arguments),
    }));
    open = toolCalls;
    return { ...shared, toolCalls, reasoning: message.thinking ?? "" };
  });

  function takeCall({ tool_call_id: id, tool_name: name }: OllamaMessage): { id: string; name: string } | undefined {
    const call = open.find((it) => it.id === id) ?? open.find((it) => it.name === name) ?? open[0];
    open = open.filter((it) => it !== call);
    return call;
  }
}

/** Ollama's templates leave an assistant's message open when it is the last: the model goes on with it. */
export function promptEndOf(messages: readonly OllamaMessage[]): PromptEnd {
  const last = messages.at(-1);
  const continues =
    last?.role === "assistant" && (last.tool_calls ?? []).length === 0 && !!(last.content || last.thinking);
  return continues ? PromptEnd.CONTINUE : PromptEnd.UNSPECIFIED;
}

export function toolsToProto(tools: readonly OllamaTool[] | null | undefined): Init<typeof ToolSchema>[] {
  return (tools ?? []).map(({ function: fn }) => ({
    name: fn.name,
    description: fn.description ?? "",
    parametersJson: fn.parameters == null ? "" : jsonText(fn.parameters),
    strict: fn.strict ?? undefined,
  }));
}

/** Ollama shows pictures before the text that they belong to. */
export function contentToProto({ content, images }: Pick<OllamaMessage, "content" | "images">): PartInit[] {
  const pictures = (images ?? []).map((base64) => imagePart(base64Url(base64)));
  return content ? [...pictures, textPart(content)] : pictures;
}
