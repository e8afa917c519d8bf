import type { ChatResponse, ToolCallDelta } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Usage } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { type ChatAnswerInfo, systemFingerprint } from "../../answer-info.ts";
import type { ChatChunk, ChatChunkChoice, ChatDelta } from "../../answers/chat.ts";
import { chatLogprobsFromProto } from "../../../dialect/answer/chat-logprobs.ts";
import { finishReasonFromProto, stopReasonFromProto } from "../finish-reason.ts";
import { requireFinished } from "../../../dialect/answer/event-streams.ts";
import { usageFromProto } from "../usage.ts";

/**
 * A chat stream as OpenAI's chunks: each choice's first one says the role, its last one the finish reason. Throws when
 * the stream ends before every choice has finished; leaving the iteration leaves `events`.
 */
export async function* chatChunks(
  events: AsyncIterable<ChatResponse>,
  info: ChatAnswerInfo,
  options: { readonly includeUsage: boolean },
): AsyncGenerator<ChatChunk, void, void> {
  let model = info.requestedModel;
  const envelope = () => ({
    id: info.id,
    object: "chat.completion.chunk" as const,
    created: info.created,
    model,
    system_fingerprint: systemFingerprint(model, info.serverVersion),
    ...(info.serviceTier && { service_tier: info.serviceTier }),
  });
  let head = envelope();
  const chunk = (index: number, choice: Partial<ChatChunkChoice>): ChatChunk => ({
    ...head,
    choices: [{ index, delta: {}, logprobs: null, finish_reason: null, ...choice }],
    ...(options.includeUsage && { usage: null }),
  });

  const begun = new Set<number>();
  const usages = new Map<number, Usage | undefined>();
  for await (const { choice: index, event } of events) {
    if (event.case === undefined || event.case === "loading" || event.case === "progress") continue;
    if (event.case === "started") {
      model = event.value.model || model;
      head = envelope();
      continue;
    }
    if (!begun.has(index)) {
      begun.add(index);
      yield chunk(index, { delta: { role: "assistant", content: event.case === "text" ? "" : null } });
      if (info.echo !== "") yield chunk(index, { delta: { content: info.echo } });
    }
    switch (event.case) {
      case "text":
        yield chunk(index, {
          delta: { content: event.value.text },
          logprobs: chatLogprobsFromProto(event.value.logprobs),
        });
        break;
      case "reasoning":
        // Its log-probabilities stay out: OpenAI's are those of the content.
        yield chunk(index, { delta: { reasoning_content: event.value.text } });
        break;
      case "toolCall":
        yield chunk(index, {
          delta: toolCallDelta(event.value, info),
          logprobs: chatLogprobsFromProto(event.value.logprobs),
        });
        break;
      case "finished":
        usages.set(index, event.value.usage);
        yield chunk(index, {
          finish_reason: finishReasonFromProto(event.value.reason, info),
          ...stopReasonFromProto(event.value, info.tellsStopReason),
        });
        break;
    }
  }
  requireFinished(usages, info);
  if (options.includeUsage) yield { ...head, choices: [], usage: usageFromProto(usages) };
}

/** Id, type and name belong to a call's first delta only: SDKs refuse a call whose identity changes. */
function toolCallDelta(delta: ToolCallDelta, info: ChatAnswerInfo): ChatDelta {
  const call = { ...(delta.name !== "" && { name: delta.name }), arguments: delta.arguments };
  if (info.legacyFunctions) return { function_call: call };
  return {
    tool_calls: [
      { index: delta.index, ...(delta.id !== "" && { id: delta.id, type: "function" as const }), function: call },
    ],
  };
}
