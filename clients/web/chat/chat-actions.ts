import { computed, signal } from "@preact/signals";
import { goTo, route } from "../app/route.ts";
import { readText, store } from "../app/stored.ts";
import { type ChatSettings, noSettings } from "./chat-settings.ts";
import {
  type AssistantMessage,
  type Conversation,
  type Message,
  type UserMessage,
  withBranch,
  withMessage,
} from "./conversation.ts";
import { changeConversation, createConversation, newId } from "./conversation-store.ts";
import { generate } from "./generate.ts";

/** What a conversation that has not begun yet will begin with. */
const draft = signal<{ readonly model: string | undefined; readonly settings: ChatSettings }>({
  model: readText("model"),
  settings: noSettings,
});

export const draftModel = computed(() => draft.value.model);
export const draftSettings = computed(() => draft.value.settings);

/** Chooses the model of a conversation, or of the next one. */
export function chooseModel(conversation: Conversation | undefined, model: string): void {
  store("model", model);
  const chosen = model === "" ? undefined : model;
  draft.value = { ...draft.value, model: chosen };
  if (conversation === undefined) return;
  changeConversation(conversation.id, (it) => ({ ...it, model: chosen }));
}

/** Changes how a conversation, or the next one, is answered. */
export function changeSettings(conversation: Conversation | undefined, change: Partial<ChatSettings>): void {
  if (conversation === undefined) draft.value = { ...draft.value, settings: { ...draft.value.settings, ...change } };
  else changeConversation(conversation.id, (it) => ({ ...it, settings: { ...it.settings, ...change } }));
}

/** Sends a message at the end of a conversation, or begins one with it, and has it answered. */
export function send(conversation: Conversation | undefined, text: string, pictures: readonly string[] = []): void {
  const target = conversation ?? begin();
  say(target.id, { id: newId(), parent: target.leaf, role: "user", text, ...(pictures.length > 0 && { pictures }) });
}

/** Sends a message in the place of an earlier one, which stays beside it. */
export function sendEdited(conversation: Conversation, message: UserMessage, text: string): void {
  say(conversation.id, { ...message, id: newId(), text });
}

/** Has what comes before an answer answered again, beside it. */
export function regenerate(conversation: Conversation, { parent }: AssistantMessage): void {
  if (parent !== undefined) void generate(conversation.id, parent);
}

/** Gives the tools' results, in the order of the calls, and has the conversation go on. */
export function sendToolResults(
  conversation: Conversation,
  { id, toolCalls }: AssistantMessage,
  results: readonly string[],
): void {
  let parent = id;
  for (const [index, { id: toolCallId, name }] of toolCalls.entries()) {
    const message: Message = { id: newId(), parent, role: "tool", toolCallId, name, text: results[index] ?? "" };
    changeConversation(conversation.id, (it) => withMessage(it, message));
    parent = message.id;
  }
  void generate(conversation.id, parent);
}

/** Shows another version of a message, and what followed it. */
export function showVersion(conversation: Conversation, message: Message): void {
  changeConversation(conversation.id, (it) => withBranch(it, message.id));
}

function begin(): Conversation {
  const conversation = createConversation(draft.value.model, draft.value.settings);
  draft.value = { ...draft.value, settings: noSettings };
  goTo({ page: "chat", conversation: conversation.id }, { replace: route.value.page === "chat" });
  return conversation;
}

function say(conversation: string, message: UserMessage): void {
  changeConversation(conversation, (it) => withMessage(it, message));
  void generate(conversation, message.id);
}
