import { signal } from "@preact/signals";
import type { ChatEvent } from "../../trpc/from-proto.ts";
import { connectionState, trpc } from "../server/connection.ts";
import { describeFailure } from "../server/describe-failure.ts";
import {
  type AnswerState,
  type AssistantMessage,
  type ToolCall,
  withChangedMessage,
  withMessage,
} from "./conversation.ts";
import { changeConversation, findConversation, newId, saveConversations } from "./conversation-store.ts";
import { toChatInput } from "./to-chat-input.ts";

/** Tokens arrive faster than anybody reads, and each change of the page costs. */
const showIntervalMs = 40;

const running = signal<ReadonlyMap<string, AbortController>>(new Map());

/** Whether an answer is being written in a conversation. */
export function isGenerating(conversation: string): boolean {
  return running.value.has(conversation);
}

/** Stops the answer that is being written; what has arrived stays. */
export function stopGenerating(conversation: string): void {
  running.value.get(conversation)?.abort();
}

/** Adds an answer to the branch that ends with `parent` and writes it as it arrives. Resolves when it has ended, however. */
export async function generate(conversation: string, parent: string): Promise<void> {
  const current = findConversation(conversation);
  if (current === undefined || isGenerating(conversation)) return;
  const message: AssistantMessage = {
    id: newId(),
    parent,
    role: "assistant",
    text: "",
    reasoning: "",
    toolCalls: [],
    state: { kind: "writing" },
  };
  const input = toChatInput(current, parent);
  changeConversation(conversation, (it) => ({ ...withMessage(it, message), updatedAt: Date.now() }));
  await write(conversation, message, input);
}

/** Goes on with an answer that was stopped or cut off, at the end of what it says. */
export async function continueAnswer(conversation: string, { id }: AssistantMessage): Promise<void> {
  const current = findConversation(conversation);
  const message = current?.messages[id];
  if (current === undefined || message?.role !== "assistant" || isGenerating(conversation)) return;
  const input = toChatInput(current, id);
  await write(conversation, message, input);
}

async function write(
  conversation: string,
  message: AssistantMessage,
  input: ReturnType<typeof toChatInput>,
): Promise<void> {
  const answer = new Answer(conversation, message);
  if ("problem" in input) {
    answer.end({ kind: "failed", why: "refused", message: input.problem });
    return;
  }
  const leaving = new AbortController();
  running.value = new Map(running.value).set(conversation, leaving);
  try {
    for await (const event of await trpc.value.chat.mutate(input.value, { signal: leaving.signal })) answer.take(event);
    // A stream that just ends has failed.
    answer.end({ kind: "failed", why: "lost" });
  } catch (error) {
    answer.end(leaving.signal.aborted ? { kind: "stopped" } : failedState(error));
  } finally {
    const rest = new Map(running.value);
    rest.delete(conversation);
    running.value = rest;
    await saveConversations();
  }
}

function failedState(error: unknown): AnswerState {
  const failure = describeFailure(error);
  if (failure.kind === "refused") return { kind: "failed", why: "refused", message: failure.message };
  if (failure.kind === "locked") connectionState.value = "locked";
  return { kind: "failed", why: failure.kind };
}

/** The message that an answer's events are gathered in; they follow what it says already. */
class Answer {
  readonly #conversation: string;
  readonly #id: string;
  readonly #startedAt = performance.now();
  #promptTokens = 0;
  #firstTokenMs: number | undefined;
  #text: string;
  #reasoning: string;
  #toolCalls: readonly ToolCall[];
  #showTimer: ReturnType<typeof setTimeout> | undefined;
  #hasEnded = false;

  constructor(conversation: string, { id, text, reasoning, toolCalls }: AssistantMessage) {
    this.#conversation = conversation;
    this.#id = id;
    [this.#text, this.#reasoning, this.#toolCalls] = [text, reasoning, toolCalls];
    this.#change({ state: { kind: "writing" }, promptProgress: undefined });
  }

  take(event: ChatEvent): void {
    const isPiece = event.type === "text" || event.type === "reasoning" || event.type === "toolCall";
    if (isPiece) this.#firstTokenMs ??= performance.now() - this.#startedAt;
    switch (event.type) {
      case "loading":
        this.#change({ model: event.model, loadProgress: event.progress });
        break;
      case "started":
        this.#promptTokens = event.promptTokens;
        this.#change({ model: event.model, loadProgress: undefined });
        break;
      case "progress":
        this.#change({ promptProgress: event.processedTokens / Math.max(1, this.#promptTokens) });
        break;
      case "text":
        this.#text += event.text;
        this.#showSoon();
        break;
      case "reasoning":
        this.#reasoning += event.text;
        this.#showSoon();
        break;
      case "toolCall": {
        const { index, id = "", name = "" } = event;
        const calls = [...this.#toolCalls];
        const call = calls[index] ?? { id, name, arguments: "" };
        calls[index] = { ...call, arguments: call.arguments + event.arguments };
        this.#toolCalls = calls;
        this.#showSoon();
        break;
      }
      case "finished": {
        const { reason, usage, timings } = event;
        const later = usage.completionTokens - 1;
        this.end(
          { kind: "finished", reason },
          {
            promptTokens: usage.promptTokens,
            cachedTokens: usage.cachedTokens,
            completionTokens: usage.completionTokens,
            ...(this.#firstTokenMs !== undefined && { firstTokenMs: this.#firstTokenMs }),
            ...(timings &&
              later > 0 &&
              timings.decodeMs > 0 && { tokensPerSecond: (later / timings.decodeMs) * 1_000 }),
          },
        );
        break;
      }
    }
  }

  /** The first end counts. */
  end(state: AnswerState, stats?: AssistantMessage["stats"]): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#showTimer);
    this.#change({ ...this.#parts(), state, ...(stats && { stats }) });
  }

  #showSoon(): void {
    this.#showTimer ??= setTimeout(() => {
      this.#showTimer = undefined;
      this.#change(this.#parts());
    }, showIntervalMs);
  }

  #parts(): Pick<AssistantMessage, "text" | "reasoning" | "toolCalls"> {
    return { text: this.#text, reasoning: this.#reasoning, toolCalls: this.#toolCalls };
  }

  #change(change: Partial<AssistantMessage>): void {
    changeConversation(this.#conversation, (it) => withChangedMessage<AssistantMessage>(it, this.#id, change));
  }
}
