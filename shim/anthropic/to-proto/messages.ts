import { jsonText } from "../../../clients/json/source-text.ts";
import { invalidParameter } from "../../../clients/errors.ts";
import { type MessageSchema, Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import type { AnthropicMessage, AssistantBlock, TextContent, UserBlock } from "../schema/blocks.ts";
import { systemTexts, textsOf } from "./system.ts";

/** A message for the proto, and where in the request it comes from. */
export interface Turn {
  readonly message: Init<typeof MessageSchema>;
  readonly from: string;
}

interface Conversation {
  readonly system?: TextContent | null | undefined;
  readonly messages: readonly AnthropicMessage[];
}

/** A conversation for the proto. A user's message with tool results becomes several: each result is one of its own. */
export function conversationToProto({ system, messages }: Conversation): Turn[] {
  const texts = systemTexts(system);
  const head = texts.length === 0 ? [] : [{ message: { role: Role.SYSTEM, content: parts(texts) }, from: "system" }];
  const turns = messages.flatMap((message, index) => {
    const from = `messages[${index}]`;
    switch (message.role) {
      case "system":
        return [{ message: { role: Role.SYSTEM, content: parts(systemTexts(message.content)) }, from }];
      case "user":
        return userTurns(message.content, from);
      case "assistant":
        return assistantTurns(message.content, { from, isLast: index === messages.length - 1 });
    }
  });
  return [...head, ...turns];
}

function userTurns(content: string | readonly UserBlock[], from: string): Turn[] {
  if (typeof content === "string") return [{ message: { role: Role.USER, content: parts([content]) }, from }];
  const turns: Turn[] = [];
  let texts: string[] = [];
  const flush = () => {
    if (texts.length > 0) turns.push({ message: { role: Role.USER, content: parts(texts) }, from });
    texts = [];
  };
  for (const [index, block] of content.entries()) {
    if (block.type === "text") {
      texts.push(block.text);
      continue;
    }
    flush();
    const result = textsOf(block.content);
    turns.push({
      message: {
        role: Role.TOOL,
        toolCallId: block.tool_use_id,
        content: parts(block.is_error === true ? asError(result) : result),
      },
      from: `${from}.content[${index}]`,
    });
  }
  flush();
  return turns;
}

/** Chat templates have no place for "it failed", so the text says it. */
function asError([first = "", ...rest]: readonly string[]): string[] {
  return [/^\W*error/i.test(first) ? first : `Error: ${first}`, ...rest];
}

function assistantTurns(
  content: string | readonly AssistantBlock[],
  { from, isLast }: { readonly from: string; readonly isLast: boolean },
): Turn[] {
  const blocks = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  const texts = blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
  const toolCalls = blocks.flatMap((block) =>
    block.type === "tool_use" ? [{ id: block.id, name: block.name, argumentsJson: jsonText(block.input) }] : [],
  );
  const reasoning = blocks.flatMap((block) => (block.type === "thinking" ? [block.thinking] : [])).join("\n");
  const isEmpty = texts.join("") === "" && toolCalls.length === 0 && reasoning === "";
  if (!isEmpty) return [{ message: { role: Role.ASSISTANT, content: parts(texts), toolCalls, reasoning }, from }];
  // The last one may be empty: there is nothing to begin the answer with.
  if (isLast || blocks.some(({ type }) => type === "redacted_thinking")) return [];
  throw invalidParameter(`${from}.content`, `${from}.content must not be empty`);
}

function parts(texts: readonly string[]): { part: { case: "text"; value: string } }[] {
  return texts.map((value) => ({ part: { case: "text", value } }));
}
