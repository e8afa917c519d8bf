import { messageText, type ChatMessage } from "../chat-messages.ts";

/** Puts the system messages' text in front of the first user message's, for templates without a system role. */
export function foldSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const text = messages.filter(isSystem).map(messageText).join("\n\n");
  const rest = messages.filter((message) => !isSystem(message));
  if (text === "") return rest;
  const at = rest.findIndex((message) => message.role === "user");
  const user = rest[at];
  if (user !== undefined) {
    return rest.with(at, { ...user, content: [`${text}\n\n${user.content[0] ?? ""}`, ...user.content.slice(1)] });
  }
  const [first] = messages.filter(isSystem);
  return first === undefined ? rest : [{ ...first, role: "user", content: [text] }, ...rest];
}

/**
 * Gives each call of a message a message of its own, followed by its result, for templates that know one call a
 * message. Results that belong to none of the calls stay behind them.
 */
export function splitCalls(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const split: ChatMessage[] = [];
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (message === undefined) break;
    if (message.toolCalls.length < 2) {
      split.push(message);
      continue;
    }
    const results: ChatMessage[] = [];
    for (let next = messages[i + 1]; next?.role === "tool"; next = messages[i + 1]) {
      results.push(next);
      i++;
    }
    message.toolCalls.forEach((call, at) => {
      const spoken = at === 0 ? message : { ...message, content: [], reasoning: "" };
      const result = results.findIndex((it) => it.toolCallId === call.id);
      split.push({ ...spoken, toolCalls: [call] }, ...(result === -1 ? [] : results.splice(result, 1)));
    });
    split.push(...results);
  }
  return split;
}

function isSystem({ role }: ChatMessage): boolean {
  return role === "system";
}
