import { messageText, type ChatMessage, type ChatTool, type ChatToolCall } from "../chat-messages.ts";
import type { CallForm } from "./derived/call-form.ts";
import { writeCalls } from "./derived/write-calls.ts";

/** What a template does not do itself, and so is said in words. */
export interface TellOptions {
  /** The form of calls that its models know; undefined: the objects that the generic parser reads. */
  readonly form?: CallForm | undefined;
  /** Whether the tools are described in the system message. */
  readonly describes: boolean;
  /** Which earlier calls become text: all, those of messages whose content is null or left out, or none. */
  readonly calls: "all" | "untold" | "none";
  /** Whether their results become messages of the user. */
  readonly results: boolean;
}

/**
 * Says tools in words, for chat formats and templates that know none or only a part: the system message describes them
 * and how to call them, earlier calls and results become text. Without tools only the latter.
 */
export function describeTools(
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
  { form, describes, calls, results }: TellOptions = { describes: true, calls: "all", results: true },
): ChatMessage[] {
  const told = messages.map((message) => {
    const isTold = calls === "all" || (calls === "untold" && message.content.length === 0);
    const withoutCalls = isTold ? tellCalls(message, form) : message;
    return results ? tellResult(withoutCalls) : withoutCalls;
  });
  if (tools.length === 0 || !describes) return told;
  const description = toolDescription(tools, form);
  const [first, ...rest] = told;
  if (first?.role === "system" || first?.role === "developer") {
    return [{ ...first, content: [[...first.content, description].join("\n\n")] }, ...rest];
  }
  return [systemMessage(description), ...told];
}

function toolDescription(tools: readonly ChatTool[], form: CallForm | undefined): string {
  const list = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ name, ...(description !== "" && { description }), parameters: parameters ?? {} }),
  );
  return ["You can call these functions:", ...list, ...callInstructions(form)].join("\n");
}

function callInstructions(form: CallForm | undefined): readonly string[] {
  if (form?.arguments.kind === "json") {
    const example = writeCalls(form, [{ id: "<id>", name: "<function name>", argumentsJson: "<arguments object>" }]);
    return [
      "To call a function, answer with nothing but this:",
      example.trim(),
      "If no function is needed, answer in plain text.",
    ];
  }
  return [
    'To call a function, answer with nothing but this JSON object: {"name": <function name>, "arguments": <arguments object>}',
    "To call several, write one such object on each line. If no function is needed, answer in plain text.",
  ];
}

function tellResult(message: ChatMessage): ChatMessage {
  if (message.role !== "tool") return message;
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

function tellCalls(message: ChatMessage, form: CallForm | undefined): ChatMessage {
  if (message.toolCalls.length === 0) return message;
  const calls = form === undefined ? message.toolCalls.map(tellCall) : [writeCalls(form, message.toolCalls)];
  const content = [...message.content.filter((text) => text !== ""), ...calls];
  return { ...message, content: [content.join("\n")], toolCalls: [] };
}

function tellCall({ name, argumentsJson }: ChatToolCall): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${argumentsJson || "{}"}}`;
}

function systemMessage(text: string): ChatMessage {
  return { role: "system", content: [text], toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}
