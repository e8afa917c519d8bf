import type { ChatMessage } from "../../chat-messages.ts";
import type { ReasoningTags } from "../../stream/read-reasoning.ts";
import { beforeOpenTag, commonPrefix } from "./common-text.ts";
import type { RenderCalls } from "./derive-call-form.ts";

const userText = "twusertext";
const spokenText = "twspokentext";
const thought = "twthoughttext";

/**
 * Finds the texts around reasoning in what a template makes of an answer that has some: what stands before the thought
 * and not in the prompt, and what stands behind it whatever comes next. undefined: it leaves the thought out, or sets
 * nothing around it.
 */
export function deriveReasoning(render: RenderCalls): ReasoningTags | undefined {
  const turn = (message: Partial<ChatMessage>) =>
    behindUser(render([blank("user", userText), { ...blank("assistant", ""), ...message }], { opensTurn: false }));
  const opened = behindUser(render([blank("user", userText)], { opensTurn: true }));
  const spoken = turn({ content: [spokenText], reasoning: thought });
  const plain = turn({ content: [spokenText] });
  if (opened === undefined || spoken === undefined || plain === undefined) return undefined;
  const from = spoken.indexOf(thought);
  const to = spoken.indexOf(spokenText, from);
  if (from === -1 || to === -1) return undefined;
  const call = { id: "twcallida", name: "twalphafn", argumentsJson: "{}" };
  const called = turn({ content: [""], reasoning: thought, toolCalls: [call] });
  const start = startTag(spoken.slice(0, from), { opened, plain });
  const end = endTag(spoken.slice(from + thought.length, to), called);
  const isTag = (text: string) => text.length > 2 && text.length < 60 && !text.includes("\n");
  return isTag(start) && isTag(end) && start !== end ? { start, end, gap: gapBehind(end, called) } : undefined;
}

function startTag(before: string, { opened, plain }: { readonly opened: string; readonly plain: string }): string {
  if (before.startsWith(opened) && before.trim() !== opened.trim()) return before.slice(opened.length).trim();
  if (opened.startsWith(before.trimEnd())) {
    // The prompt begins the reasoning itself, perhaps with words of its own.
    const begun = opened.slice(before.length).trim();
    return begun !== "" && !/[<[]/.test(begun) ? begun : lastTag(before);
  }
  const own = before.slice(beforeOpenTag(before, commonPrefix(before, plain))).trim();
  return own === "" ? lastTag(before) : own;
}

function lastTag(text: string): string {
  const trimmed = text.trimEnd();
  const tag = /(?:<[^<>]*>|\[[A-Z_]+\])$/.exec(trimmed)?.[0] ?? "";
  // One that stands before as well only ends what is meant.
  const earlier = tag === "" ? -1 : trimmed.lastIndexOf(tag, trimmed.length - tag.length - 1);
  return earlier === -1 ? tag : trimmed.slice(earlier + tag.length).trim();
}

function endTag(between: string, called: string | undefined): string {
  const behind = called?.slice(called.indexOf(thought) + thought.length);
  if (behind === undefined || called?.includes(thought) !== true) return between.trim();
  return between.slice(0, beforeOpenTag(between, commonPrefix(between, behind))).trim();
}

/** The white space behind the end of a thought that a call follows. */
function gapBehind(end: string, called = ""): string | undefined {
  const at = called.indexOf(thought);
  const from = called.indexOf(end, at);
  return at === -1 || from === -1 ? undefined : /^\s*/.exec(called.slice(from + end.length))?.[0];
}

function behindUser(text: string | undefined): string | undefined {
  return text?.slice(text.lastIndexOf(userText) + userText.length);
}

function blank(role: ChatMessage["role"], text: string): ChatMessage {
  return { role, content: [text], toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}
