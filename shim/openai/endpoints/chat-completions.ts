import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { plainEvents } from "../../dialect/stream-format.ts";
import { type ChatAnswerInfo, newAnswerInfo } from "../answer-info.ts";
import { chatChunkSchema, chatCompletionSchema } from "../answers/chat.ts";
import { chatChunks } from "../from-proto/chat/chat-chunks.ts";
import { collectChat } from "../from-proto/chat/chat-completion.ts";
import { withOwnParam } from "../own-param.ts";
import { type ChatRequestBody, chatFieldsWithoutEffect, chatRequestSchema } from "../schema/chat-request.ts";
import { chatToProto } from "../to-proto/chat.ts";
import { wantsUsageChunk } from "../to-proto/delivery.ts";
import { tellsStopReason } from "../to-proto/habits.ts";
import { usesLegacyFunctions } from "../to-proto/tools.ts";

/** POST /v1/chat/completions */
export function chatCompletions({ client, version }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/chat/completions",
    operationId: "createChatCompletion",
    tag: "Chat",
    summary: "Answer a conversation",
    body: chatRequestSchema,
    takesMedia: true,
    withoutEffect: chatFieldsWithoutEffect,
    example: { messages: [{ role: "user", content: "What is the capital of Japan?" }], temperature: 0 },
    result: chatCompletionSchema,
    streams: true,
    chunk: chatChunkSchema,
    explain: withOwnParam,
    async answer({ body, call, noted }) {
      const events = noted(client.inference.chat(chatToProto(body), call));
      const info = answerInfo(body, version);
      if (body.stream !== true) return { json: await collectChat(events, info) };
      return {
        stream: chatChunks(events, info, { includeUsage: wantsUsageChunk(body) }),
        format: plainEvents,
      };
    },
  });
}

/** The text that the answer goes on from, as far as it is an assistant's. */
function lastAssistantText({ messages }: ChatRequestBody): string {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || last.content == null) return "";
  if (typeof last.content === "string") return last.content;
  return last.content.map((part) => (part.type === "text" ? part.text : part.refusal)).join("\n");
}

function answerInfo(request: ChatRequestBody, serverVersion: string): ChatAnswerInfo {
  const requestedModel = request.model ?? "";
  return {
    ...newAnswerInfo("chatcmpl", {
      requestedModel,
      serverVersion,
      choices: request.n ?? 1,
      tellsStopReason: tellsStopReason(request),
    }),
    legacyFunctions: usesLegacyFunctions(request),
    echo: request.echo === true ? lastAssistantText(request) : "",
    serviceTier: request.service_tier == null ? undefined : "default",
  };
}
