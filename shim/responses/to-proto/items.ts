import { type MessageSchema, Role, type ToolCallSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { openReasoning } from "../encrypted-reasoning.ts";
import type { Init } from "../../dialect/deps.ts";
import type { InputContent, InputItem, MessageItem } from "../schema/input-items.ts";
import { audioPart, base64Url, imagePart, type PartInit, textPart } from "../../dialect/request/media-parts.ts";
import { inputName } from "./custom-input.ts";
import { modelName, shellName } from "./tools.ts";

/** An item that stands for itself: references have been looked up. */
export type PlainItem = Exclude<InputItem, { type: "item_reference" }>;

/** An item, and where in the request it comes from. */
export interface PlacedItem {
  readonly item: PlainItem;
  readonly from: string;
}

/** A message for the proto, and where in the request it comes from. */
export interface Turn {
  readonly message: Init<typeof MessageSchema>;
  readonly from: string;
  /** Where the parts of its content come from, where that is not the same place. */
  readonly parts?: readonly string[];
}

/**
 * Items as messages. What the assistant thought, said and called one after another is one message, as chat templates
 * have it; each result of a call is one.
 */
export function itemsToTurns(items: readonly PlacedItem[]): Turn[] {
  const turns: Turn[] = [];
  let assistant: AssistantTurn | undefined;
  const flush = () => {
    if (assistant !== undefined) turns.push(assistant.turn());
    assistant = undefined;
  };
  for (const { item, from } of items) {
    switch (item.type) {
      case "reasoning": {
        if (assistant?.hasAnswered) flush();
        assistant ??= new AssistantTurn(from);
        assistant.reasoning.push(reasoningText(item));
        break;
      }
      case "function_call":
        assistant ??= new AssistantTurn(from);
        assistant.call(item.call_id, modelName(item.name, item.namespace), item.arguments);
        break;
      case "custom_tool_call":
        assistant ??= new AssistantTurn(from);
        assistant.call(item.call_id, modelName(item.name, item.namespace), JSON.stringify({ [inputName]: item.input }));
        break;
      case "local_shell_call": {
        const { type: _, ...action } = item.action;
        assistant ??= new AssistantTurn(from);
        assistant.call(item.call_id, shellName, JSON.stringify(action));
        break;
      }
      case "function_call_output":
      case "custom_tool_call_output":
      case "local_shell_call_output":
        flush();
        turns.push({
          message: { role: Role.TOOL, toolCallId: item.call_id ?? item.id ?? "", content: parts(item.output) },
          from,
          parts: placesOf(item.output, `${from}.output`),
        });
        break;
      default:
        if (item.role === "assistant") {
          if (assistant?.hasAnswered) flush();
          assistant ??= new AssistantTurn(from);
          for (const text of textsOf(item.content)) assistant.texts.push(text);
        } else {
          flush();
          const message = { role: roles[item.role], content: parts(item.content) };
          turns.push({ message, from, parts: placesOf(item.content, `${from}.content`) });
        }
    }
  }
  flush();
  return turns;
}

const roles = { user: Role.USER, system: Role.SYSTEM, developer: Role.DEVELOPER } as const;

class AssistantTurn {
  readonly from: string;
  readonly reasoning: string[] = [];
  readonly texts: string[] = [];
  readonly #calls: Init<typeof ToolCallSchema>[] = [];

  constructor(from: string) {
    this.from = from;
  }

  get hasAnswered(): boolean {
    return this.texts.length > 0 || this.#calls.length > 0;
  }

  call(id: string, name: string, argumentsJson: string): void {
    this.#calls.push({ id, name, argumentsJson });
  }

  turn(): Turn {
    const reasoning = this.reasoning.filter((text) => text !== "").join("\n");
    const message = { role: Role.ASSISTANT, content: parts(this.texts), toolCalls: this.#calls, reasoning };
    return { message, from: this.from };
  }
}

function reasoningText({
  content,
  summary,
  encrypted_content: sealed,
}: Extract<PlainItem, { type: "reasoning" }>): string {
  const told = [...(content ?? []), ...(content?.length ? [] : (summary ?? []))].map(({ text }) => text).join("\n");
  return told === "" ? (openReasoning(sealed) ?? "") : told;
}

function textsOf(content: Extract<MessageItem, { role: "assistant" }>["content"]): string[] {
  if (typeof content === "string") return [content];
  return content.map((part) => (part.type === "refusal" ? part.refusal : part.text));
}

function parts(content: InputContent | readonly string[]): PartInit[] {
  if (typeof content === "string") return [textPart(content)];
  return content.map((part) => (typeof part === "string" ? textPart(part) : partToProto(part)));
}

function partToProto(part: Exclude<InputContent, string>[number]): PartInit {
  switch (part.type) {
    case "input_text":
      return textPart(part.text);
    case "input_image":
      return imagePart(part.image_url, part);
    case "input_audio":
      return audioPart(base64Url(part.input_audio.data, `audio/${part.input_audio.format}`));
  }
}

const fields = { input_text: "text", input_image: "image_url", input_audio: "input_audio.data" } as const;

function placesOf(content: InputContent, from: string): string[] {
  if (typeof content === "string") return [from];
  return content.map(({ type }, index) => `${from}[${index}].${fields[type]}`);
}
