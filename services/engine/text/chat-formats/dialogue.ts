import { messageText, type ChatMessage } from "../chat-messages.ts";

/** A turn as the named chat formats know it: three speakers, plain text. */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
}

/**
 * Developer messages are system messages here, and a tool's message reads as the user's: tools have to be described in
 * words before (tool-prompt.ts).
 */
export function createDialogue(messages: readonly ChatMessage[]): Turn[] {
  return messages.map((message) => {
    const text = messageText(message);
    if (message.role === "system" || message.role === "developer") return { role: "system", text };
    return { role: message.role === "assistant" ? "assistant" : "user", text };
  });
}

/**
 * Takes the system texts out of the turns and joins them by blank lines: a request may hold several, anywhere, where a
 * format has one place for one. "" when there are none.
 */
export function splitSystem(turns: readonly Turn[]): { readonly system: string; readonly turns: readonly Turn[] } {
  const system = turns.filter((turn) => turn.role === "system").map((turn) => turn.text);
  return { system: system.join("\n\n"), turns: turns.filter((turn) => turn.role !== "system") };
}

/** For formats without a place for a system text: it opens the first user turn. */
export function foldSystem(dialogue: readonly Turn[]): readonly Turn[] {
  const { system, turns } = splitSystem(dialogue);
  if (system === "") return turns;
  const first = turns.findIndex((turn) => turn.role === "user");
  if (first === -1) return [{ role: "user", text: system }, ...turns];
  return turns.map((turn, i) => (i === first ? { role: turn.role, text: `${system}\n\n${turn.text}` } : turn));
}
