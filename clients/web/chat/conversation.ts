import type { PlainFinishReason } from "../../trpc/from-proto.ts";
import type { ChatSettings } from "./chat-settings.ts";

/** What an answer cost and how fast it came. */
export interface AnswerStats {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** As this page saw it, from sending the request. */
  readonly firstTokenMs?: number;
  /** Of the tokens after the first. */
  readonly tokensPerSecond?: number;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, which is incomplete while it arrives. */
  readonly arguments: string;
}

interface Node {
  readonly id: string;
  /** The message that it follows; undefined: the first of a conversation. */
  readonly parent: string | undefined;
}

export interface UserMessage extends Node {
  readonly role: "user";
  readonly text: string;
  /** As `data:` URLs; unset: none. */
  readonly pictures?: readonly string[];
}

export interface ToolMessage extends Node {
  readonly role: "tool";
  readonly toolCallId: string;
  readonly name: string;
  readonly text: string;
}

export interface AssistantMessage extends Node {
  readonly role: "assistant";
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  readonly state: AnswerState;
  /** How much of the prompt is processed, 0 to 1, while nothing is generated yet. */
  readonly promptProgress?: number | undefined;
  /** How far the load of its model is, 0 to 1; unset: the model is there. */
  readonly loadProgress?: number | undefined;
  readonly model?: string;
  readonly stats?: AnswerStats;
}

/** How far an answer has come, or how it ended. */
export type AnswerState =
  | { readonly kind: "writing" }
  | { readonly kind: "finished"; readonly reason: PlainFinishReason }
  /** By the reader, or by leaving the page. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly why: "lost" | "locked" }
  | { readonly kind: "failed"; readonly why: "refused"; readonly message: string };

export type Message = UserMessage | ToolMessage | AssistantMessage;

/**
 * A conversation is a tree: editing a message, or generating an answer again, adds a sibling and loses nothing. `leaf`
 * is the last message of the branch that is shown. Values are never changed in place.
 */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  /** Undefined: the server's default model. */
  readonly model: string | undefined;
  readonly settings: ChatSettings;
  readonly messages: Readonly<Record<string, Message>>;
  readonly leaf: string | undefined;
}

/** The messages from the first one to `leaf`. */
export function pathTo({ messages }: Conversation, leaf: string | undefined): Message[] {
  const path: Message[] = [];
  for (let id = leaf; id !== undefined;) {
    const message = messages[id];
    if (message === undefined) break;
    path.push(message);
    id = message.parent;
  }
  return path.reverse();
}

/** A message and its alternatives, the oldest first. */
export function siblingsOf({ messages }: Conversation, { parent }: Message): Message[] {
  return Object.values(messages).filter((message) => message.parent === parent);
}

/** Adds a message and shows the branch that ends with it. */
export function withMessage(conversation: Conversation, message: Message): Conversation {
  return {
    ...conversation,
    title: conversation.title === "" && message.role === "user" ? titleOf(message.text) : conversation.title,
    messages: { ...conversation.messages, [message.id]: message },
    leaf: message.id,
  };
}

/** Whether an answer can go on where it ended: it was stopped or cut off in its text, and nothing follows it. */
export function canContinue({ leaf }: Conversation, { id, text, toolCalls, state }: AssistantMessage): boolean {
  const isCutOff =
    state.kind === "finished" ? state.reason === "length" || state.reason === "interrupted" : state.kind !== "writing";
  return isCutOff && leaf === id && text !== "" && toolCalls.length === 0;
}

/** Changes a message, if it is still there. */
export function withChangedMessage<T extends Message>(
  conversation: Conversation,
  id: string,
  change: Partial<Omit<T, "id" | "parent" | "role">>,
): Conversation {
  const message = conversation.messages[id];
  if (message === undefined) return conversation;
  return { ...conversation, messages: { ...conversation.messages, [id]: { ...message, ...change } as Message } };
}

/** Gives a conversation another title, if there is one. */
export function withTitle(conversation: Conversation, title: string): Conversation {
  const trimmed = title.trim();
  return trimmed === "" ? conversation : { ...conversation, title: trimmed };
}

/** Shows the branch of a message, to its newest end. */
export function withBranch(conversation: Conversation, id: string): Conversation {
  let leaf = id;
  for (;;) {
    const next = Object.values(conversation.messages).findLast(({ parent }) => parent === leaf);
    if (next === undefined) return { ...conversation, leaf };
    leaf = next.id;
  }
}

/** An answer that was being written when the page was closed has stopped. */
export function withoutUnfinished(conversation: Conversation): Conversation {
  const settle = (message: Message): Message =>
    message.role === "assistant" && message.state.kind === "writing"
      ? { ...message, state: { kind: "stopped" } }
      : message;
  const entries = Object.entries(conversation.messages).map(([id, message]) => [id, settle(message)] as const);
  return { ...conversation, messages: Object.fromEntries(entries) };
}

const maxTitleLength = 60;

function titleOf(text: string): string {
  const [line = ""] = text.trim().split("\n");
  const characters = [...line];
  return characters.length <= maxTitleLength ? line : `${characters.slice(0, maxTitleLength - 1).join("")}…`;
}
