import { t } from "../i18n/language.ts";
import { type Conversation, type Message, pathTo } from "./conversation.ts";

/** Saves the branch that is shown as a Markdown file. */
export function downloadConversation(conversation: Conversation): void {
  const title = conversation.title || t.value.untitled;
  download(`${fileName(title)}.md`, "text/markdown", toMarkdown(conversation));
}

/** Saves all conversations as JSON, each with all its branches and its settings. */
export function downloadConversations(conversations: readonly Conversation[]): void {
  const day = new Date().toISOString().slice(0, 10);
  download(`tokenwire-${day}.json`, "application/json", JSON.stringify({ version: 1, conversations }, undefined, 2));
}

/** The messages of the branch that is shown, each under who said it. */
export function toMarkdown(conversation: Conversation): string {
  const { title, leaf, settings } = conversation;
  const system = settings.systemPrompt.trim();
  const parts = pathTo(conversation, leaf).map((message) => `## ${speakerOf(message)}\n\n${textOf(message)}`);
  return [
    `# ${title || t.value.untitled}`,
    ...(system === "" ? [] : [`## ${t.value.systemPrompt}\n\n${system}`]),
    ...parts,
    "",
  ].join("\n\n");
}

function speakerOf(message: Message): string {
  switch (message.role) {
    case "user":
      return t.value.you;
    case "tool":
      return `${t.value.tool}: ${message.name}`;
    case "assistant":
      return message.model === undefined ? t.value.assistant : `${t.value.assistant} (${message.model})`;
  }
}

function textOf(message: Message): string {
  if (message.role === "tool") return fenced(message.text);
  if (message.role === "user") return message.text;
  const calls = message.toolCalls.map(({ name, arguments: args }) => `${t.value.toolCall(name)}\n\n${fenced(args)}`);
  return [message.text, ...calls].filter((part) => part !== "").join("\n\n");
}

/** With a fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function fileName(title: string): string {
  const name = title
    .replace(/[\\/:*?"<>|\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 60);
  return name === "" ? "conversation" : name;
}

function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
