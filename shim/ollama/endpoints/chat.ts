import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { ChatResponse } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Answer, type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { jsonLines } from "../../dialect/stream-format.ts";
import { ollamaChatSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import { chatChunks, collectChat } from "../from-proto/chat-chunks.ts";
import { Stopwatch } from "../from-proto/durations.ts";
import { toModelId } from "../model-name.ts";
import { chatRequestSchema, type OllamaChatRequest, type OllamaMessage } from "../schema/chat-request.ts";
import { generationWithoutEffect } from "../schema/options.ts";
import { messagesToProto, promptEndOf, toolsToProto } from "../to-proto/messages.ts";
import { formatToProto, optionsToProto, thinkToProto } from "../to-proto/options.ts";
import { firstEvent } from "../../dialect/answer/event-streams.ts";
import { residencyAnswer, unloadingAfter } from "./residency.ts";
import { requireThinking } from "./require-thinking.ts";

/** POST /api/chat */
export function chat(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/chat",
    summary: "Answer a conversation (Ollama)",
    body: chatRequestSchema,
    takesMedia: true,
    withoutEffect: generationWithoutEffect,
    example: { model: "my-model", messages: [{ role: "user", content: "Hello!" }] },
    result: ollamaChatSchema,
    chunk: ollamaChatSchema,
    streamType: jsonLines.contentType,
    streams: true,
    explain,
    answer: (exchange) => answer(deps, exchange),
  });
}

async function answer(deps: DialectDeps, exchange: Exchange<OllamaChatRequest>): Promise<Answer> {
  const { body } = exchange;
  const watch = new Stopwatch();
  const messages = body.messages ?? [];
  if (messages.length === 0)
    return { json: await residencyAnswer(deps, exchange, { message: { role: "assistant", content: "" } }) };
  await requireThinking(deps, exchange);
  const events = exchange.noted(fittingChat(deps, exchange, messages));
  const lines = unloadingAfter(deps, exchange, chatChunks(events, { model: body.model, watch }));
  if (body.stream === false) return { json: await collectChat(lines) };
  return { stream: lines, format: jsonLines };
}

/**
 * The chat's events. Where the conversation does not fit and `truncate` is not false, it is asked again without its
 * oldest messages, as Ollama does; system messages and the last message stay, and a warning says how many went.
 */
async function* fittingChat(
  deps: DialectDeps,
  exchange: Exchange<OllamaChatRequest>,
  messages: readonly OllamaMessage[],
): AsyncGenerator<ChatResponse, void, void> {
  const ask = (these: readonly OllamaMessage[]) =>
    firstEvent(deps.client.inference.chat(chatToProto(exchange.body, these), exchange.call));
  let left = 0;
  for (let these = messages; ; these = withoutOldest(messages, left)) {
    try {
      const events = await ask(these);
      if (left > 0) exchange.warn(`the ${left} oldest messages did not fit into the context and were left out`);
      yield* events;
      return;
    } catch (error) {
      const more = nextLeft(left, messages);
      if (exchange.body.truncate === false || !isTooLong(error) || more === left) throw error;
      left = more;
    }
  }
}

/** How many to leave out next: twice as many, and at last all that can be. */
function nextLeft(left: number, messages: readonly OllamaMessage[]): number {
  const most = messages.slice(0, -1).filter(({ role }) => role !== "system").length;
  return Math.min(most, left === 0 ? 1 : left * 2);
}

function withoutOldest(messages: readonly OllamaMessage[], count: number): OllamaMessage[] {
  let left = count;
  const last = messages.length - 1;
  return messages.filter(({ role }, index) => role === "system" || index === last || left-- <= 0);
}

function isTooLong(error: unknown): boolean {
  return error instanceof RpcError && error.reason === ErrorReason.CONTEXT_LENGTH_EXCEEDED;
}

function chatToProto(body: OllamaChatRequest, messages: readonly OllamaMessage[]) {
  return {
    model: toModelId(body.model),
    messages: messagesToProto(messages),
    tools: toolsToProto(body.tools),
    responseFormat: formatToProto(body.format),
    options: optionsToProto(body),
    reasoning: thinkToProto(body.think),
    promptEnd: promptEndOf(messages),
  };
}
