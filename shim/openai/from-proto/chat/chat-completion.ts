import type { ChatResponse, ToolCallDelta } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { TokenLogprob, Usage } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { type ChatAnswerInfo, systemFingerprint } from "../../answer-info.ts";
import { chatLogprobsFromProto } from "../../../dialect/answer/chat-logprobs.ts";
import type { ChatCompletion, ChatCompletionMessage } from "../../answers/chat.ts";
import type { OpenAiFinishReason, PromptLogprobs } from "../../answers/usage.ts";
import { finishReasonFromProto, type StopReason, stopReasonFromProto } from "../finish-reason.ts";
import { requireFinished } from "../../../dialect/answer/event-streams.ts";
import { promptLogprobsFromProto } from "../prompt-logprobs.ts";
import { usageFromProto } from "../usage.ts";

/** What has arrived of one choice. */
class ChoiceParts {
  text = "";
  reasoning = "";
  readonly calls: { id: string; name: string; arguments: string }[] = [];
  readonly logprobs: TokenLogprob[] = [];
  finishReason: OpenAiFinishReason = "stop";
  stopReason: StopReason = {};

  addLogprobs(logprobs: readonly TokenLogprob[]): void {
    for (const logprob of logprobs) this.logprobs.push(logprob);
  }

  addCall(delta: ToolCallDelta): void {
    const call = (this.calls[delta.index] ??= { id: delta.id, name: delta.name, arguments: "" });
    call.arguments += delta.arguments;
    this.addLogprobs(delta.logprobs);
  }
}

/** Reads a chat stream to its end into OpenAI's one answer. Throws when it ends before every choice has finished. */
export async function collectChat(events: AsyncIterable<ChatResponse>, info: ChatAnswerInfo): Promise<ChatCompletion> {
  let model = info.requestedModel;
  const choices = Array.from({ length: info.choices }, () => new ChoiceParts());
  const usages = new Map<number, Usage | undefined>();
  let promptLogprobs: PromptLogprobs | undefined;
  for await (const { choice: index, event } of events) {
    const parts = choices[index];
    if (parts === undefined) throw new Error(`an event for choice ${index} of ${info.choices}`);
    switch (event.case) {
      case "started":
        model = event.value.model || model;
        promptLogprobs = promptLogprobsFromProto(event.value.promptLogprobs);
        break;
      case "text":
        parts.text += event.value.text;
        parts.addLogprobs(event.value.logprobs);
        break;
      case "reasoning":
        parts.reasoning += event.value.text;
        break;
      case "toolCall":
        parts.addCall(event.value);
        break;
      case "finished":
        parts.finishReason = finishReasonFromProto(event.value.reason, info);
        parts.stopReason = stopReasonFromProto(event.value, info.tellsStopReason);
        usages.set(index, event.value.usage);
        break;
      case "loading":
      case "progress":
      case undefined:
        // Nobody asked for it here, or it is an event of a newer service.
        break;
    }
  }
  requireFinished(usages, info);
  return {
    id: info.id,
    object: "chat.completion",
    created: info.created,
    model,
    system_fingerprint: systemFingerprint(model, info.serverVersion),
    ...(info.serviceTier && { service_tier: info.serviceTier }),
    choices: choices.map((parts, index) => ({
      index,
      message: toMessage(parts, info),
      logprobs: chatLogprobsFromProto(parts.logprobs),
      finish_reason: parts.finishReason,
      ...parts.stopReason,
    })),
    usage: usageFromProto(usages),
    ...(promptLogprobs && { prompt_logprobs: promptLogprobs }),
  };
}

/** The calls, without a last one that was cut: nobody must run it. */
function wholeCalls({ calls, finishReason }: ChoiceParts) {
  const all = calls.filter((call) => call !== undefined);
  const last = all.at(-1);
  const isCut = finishReason !== "tool_calls" && finishReason !== "function_call" && !isJson(last?.arguments);
  return isCut ? all.slice(0, -1) : all;
}

function isJson(text = ""): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function toMessage(parts: ChoiceParts, info: ChatAnswerInfo): ChatCompletionMessage {
  const { reasoning } = parts;
  const text = info.echo + parts.text;
  const calls = wholeCalls(parts);
  const [first] = calls;
  return {
    role: "assistant",
    // An answer that is only calls has no content; one that is simply empty has the empty text.
    content: text === "" && first !== undefined ? null : text,
    refusal: null,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(first !== undefined &&
      (info.legacyFunctions
        ? { function_call: { name: first.name, arguments: first.arguments } }
        : {
            tool_calls: calls.map((call) => ({
              id: call.id,
              type: "function" as const,
              function: { name: call.name, arguments: call.arguments },
            })),
          })),
  };
}
