import { invalidParameter } from "../../../../clients/errors.ts";
import { messageText, type ChatMessage } from "../chat-messages.ts";
import type { ReasoningTags } from "../stream/read-reasoning.ts";

export interface ContinueOptions {
  /** Writes a conversation as a prompt. */
  readonly write: (messages: ChatMessage[]) => string;
  readonly reasoning: ReasoningTags | undefined;
}

export interface ContinuedPrompt {
  /** Ends with the last character of the last message. */
  readonly text: string;
  /** The message ends within its reasoning, so that is what the model goes on with. */
  readonly inReasoning: boolean;
}

/** Stands where the message ends, to be found again in what a template makes of it. Nobody writes these by accident. */
const mark = "\u{F0000}\u{FFFFD}\u{F0000}";

/**
 * The prompt of a conversation whose last message, an assistant's, is left open for the model to go on with: its text,
 * or its reasoning where it has no text. Throws INVALID_PARAMETER, for the message, when it is not an assistant's, has
 * made calls, or is not in the prompt as it stands.
 */
export function continueLastMessage(
  messages: readonly ChatMessage[],
  { write, reasoning }: ContinueOptions,
): ContinuedPrompt {
  const param = `messages[${messages.length - 1}]`;
  const last = messages.at(-1);
  if (last?.role !== "assistant") {
    throw invalidParameter(param, `${param} is not an assistant's message, so there is nothing to continue`);
  }
  if (last.toolCalls.length > 0) {
    throw invalidParameter(param, `${param} has made tool calls, so it cannot be continued: send their results`);
  }
  const ofReasoning = messageText(last) === "" && last.reasoning !== "";
  const marked = ofReasoning
    ? { ...last, reasoning: last.reasoning + mark }
    : { ...last, content: [...last.content.slice(0, -1), (last.content.at(-1) ?? "") + mark] };
  const written = write([...messages.slice(0, -1), marked]);
  const end = written.lastIndexOf(mark);
  if (end < 0) {
    const what = ofReasoning ? "the reasoning" : "the text";
    const message = `the model's chat template leaves out ${what} of ${param}, so it cannot be continued`;
    throw invalidParameter(param, message);
  }
  return { text: written.slice(0, end), inReasoning: ofReasoning || hasOpenReasoning(messageText(last), reasoning) };
}

/** A client may write the tags itself. */
function hasOpenReasoning(text: string, tags: ReasoningTags | undefined): boolean {
  return tags !== undefined && text.lastIndexOf(tags.start) > text.lastIndexOf(tags.end);
}
