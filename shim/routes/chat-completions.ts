import type { ShimContext, ShimHandler } from "../context.ts";
import { newAnswerInfo } from "../openai/answer-info.ts";
import type { ChatAnswerInfo } from "../openai/from-proto/chat-chunk.ts";
import { chatChunks } from "../openai/from-proto/chat-chunks.ts";
import { collectChat } from "../openai/from-proto/chat-completion.ts";
import { withOwnParam } from "../openai/own-param.ts";
import { type ChatRequestBody, chatFieldsWithoutEffect, chatRequestSchema } from "../openai/schema/chat-request.ts";
import { chatToProto } from "../openai/to-proto/chat.ts";
import { wantsUsageChunk } from "../openai/to-proto/delivery.ts";
import { usesLegacyFunctions } from "../openai/to-proto/tools.ts";
import { answerStream } from "./answer-stream.ts";
import type { RouteDeps } from "./deps.ts";
import { noteGeneration } from "./note-generation.ts";
import { callOptions, readRequest } from "./read-request.ts";

/** POST /v1/chat/completions */
export function chatCompletions(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, chatRequestSchema, chatFieldsWithoutEffect);
    try {
      await answer(ctx, deps, request);
    } catch (error) {
      throw withOwnParam(error, request);
    }
  };
}

async function answer(ctx: ShimContext, deps: RouteDeps, request: ChatRequestBody): Promise<void> {
  const call = deps.client.inference.chat(chatToProto(request), callOptions(ctx, deps));
  const events = noteGeneration(call, ctx.state);
  const info = answerInfo(request, deps.version);
  if (request.stream === true) {
    await answerStream(ctx, deps, chatChunks(events, info, { includeUsage: wantsUsageChunk(request) }));
  } else {
    ctx.body = await collectChat(events, info);
  }
}

function answerInfo(request: ChatRequestBody, serverVersion: string): ChatAnswerInfo {
  const requestedModel = request.model ?? "";
  return {
    ...newAnswerInfo("chatcmpl", { requestedModel, serverVersion, choices: request.n ?? 1 }),
    legacyFunctions: usesLegacyFunctions(request),
    serviceTier: request.service_tier == null ? undefined : "default",
  };
}
