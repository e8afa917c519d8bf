import { jsonText } from "../../../clients/json/source-text.ts";
import { invalidParameter } from "../../../clients/errors.ts";
import { type MessageSchema, Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { base64Url, imagePart, type PartInit, textPart } from "../../dialect/request/media-parts.ts";
import type { AnthropicMessage, AssistantBlock, ResultContent, TextContent, UserBlock } from "../schema/blocks.ts";
import { systemTexts } from "./system.ts";

/** A message for the proto, and where in the request it comes from. */
export interface Turn {
  readonly message: Init<typeof MessageSchema>;
  readonly from: string;
  /** Where the parts of its content come from, where that is not the same place. */
  readonly parts?: readonly string[];
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
  let said: Part[] = [];
  const flush = () => {
    if (said.length > 0) turns.push({ message: { role: Role.USER, ...apart(said) }, from, parts: said.map(fromOf) });
    said = [];
  };
  for (const [index, block] of content.entries()) {
    const at = `${from}.content[${index}]`;
    if (block.type !== "tool_result") {
      said.push(partOf(block, at));
      continue;
    }
    flush();
    const result = resultParts(block.content, at);
    const told = block.is_error === true ? asError(result, at) : result;
    turns.push({
      message: { role: Role.TOOL, toolCallId: block.tool_use_id, ...apart(told) },
      from: at,
      parts: told.map(fromOf),
    });
  }
  flush();
  return turns;
}

/** A part for the proto, and where in the request it comes from. */
interface Part {
  readonly init: PartInit;
  readonly from: string;
}

const fromOf = ({ from }: Part) => from;
const apart = (said: readonly Part[]) => ({ content: said.map(({ init }) => init) });

function partOf(block: Extract<UserBlock, { type: "text" | "image" }>, from: string): Part {
  if (block.type === "text") return { init: textPart(block.text), from };
  const { source } = block;
  return source.type === "url"
    ? { init: imagePart(source.url), from: `${from}.source.url` }
    : { init: imagePart(base64Url(source.data, source.media_type)), from: `${from}.source.data` };
}

function resultParts(content: ResultContent | null | undefined, from: string): Part[] {
  if (content == null) return [];
  if (typeof content === "string") return [{ init: textPart(content), from: `${from}.content` }];
  return content.map((block, index) => partOf(block, `${from}.content[${index}]`));
}

/** Chat templates have no place for "it failed", so the text says it. */
function asError([first, ...rest]: readonly Part[], from: string): Part[] {
  const part = first?.init.part;
  const text = part?.case === "text" ? part.value : undefined;
  if (first === undefined || text === undefined) {
    return [{ init: textPart("Error: "), from }, ...(first === undefined ? [] : [first]), ...rest];
  }
  return [/^\W*error/i.test(text) ? first : { ...first, init: textPart(`Error: ${text}`) }, ...rest];
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

function parts(texts: readonly string[]): PartInit[] {
  return texts.map(textPart);
}
