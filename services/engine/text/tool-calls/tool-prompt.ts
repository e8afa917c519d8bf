import { messageText, type ChatMessage, type ChatTool, type ChatToolCall } from "../chat-messages.ts";

/**
 * Says tools in words, for chat formats and templates that know none: the system message describes them and how to call
 * them (in the form that the generic family reads), earlier calls and results become text. Without tools only the
 * latter.
 */
export function describeTools(messages: readonly ChatMessage[], tools: readonly ChatTool[]): ChatMessage[] {
  const told = messages.map(tellMessage);
  if (tools.length === 0) return told;
  const description = toolDescription(tools);
  const [first, ...rest] = told;
  if (first?.role === "system" || first?.role === "developer") {
    return [{ ...first, content: [[...first.content, description].join("\n\n")] }, ...rest];
  }
  return [systemMessage(description), ...told];
}

function toolDescription(tools: readonly ChatTool[]): string {
  const list = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ name, ...(description !== "" && { description }), parameters: parameters ?? {} }),
  );
  return [
    "You can call these functions:",
    ...list,
    'To call a function, answer with nothing but this JSON object: {"name": <function name>, "arguments": <arguments object>}',
    "To call several, write one such object on each line. If no function is needed, answer in plain text.",
  ].join("\n");
}

function tellMessage(message: ChatMessage): ChatMessage {
  if (message.role === "tool") {
    const of = message.toolName === "" ? "" : ` of ${message.toolName}`;
    return {
      ...message,
      role: "user",
      content: [`Result${of}:\n${messageText(message)}`],
      name: "",
      toolName: "",
      toolCallId: "",
    };
  }
  if (message.toolCalls.length === 0) return message;
  const content = [...message.content.filter((text) => text !== ""), ...message.toolCalls.map(tellCall)];
  return { ...message, content: [content.join("\n")], toolCalls: [] };
}

function tellCall({ name, argumentsJson }: ChatToolCall): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${argumentsJson || "{}"}}`;
}

function systemMessage(text: string): ChatMessage {
  return { role: "system", content: [text], toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}
