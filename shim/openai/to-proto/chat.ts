import { invalidParameter } from "../../../clients/errors.ts";
import type { ChatRequestSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ChatRequestBody } from "../schema/chat-request.ts";
import { interruptionToProto, requireStreamForOptions } from "./delivery.ts";
import { habitsToProto, lengthToProto } from "./habits.ts";
import { promptToProto } from "./prompt.ts";
import { responseFormatToProto } from "./response-format.ts";
import { onlyOne, samplingToProto } from "../../dialect/sampling/to-proto.ts";
import type { Init } from "../../dialect/deps.ts";

export type ChatRequestInit = Init<typeof ChatRequestSchema>;

/** A chat request for the proto. Throws the caller's error where fields contradict each other. */
export function chatToProto(request: ChatRequestBody): ChatRequestInit {
  requireStreamForOptions(request);
  return {
    ...promptToProto(request),
    responseFormat: responseFormatToProto(request),
    options: {
      ...samplingToProto(request),
      ...habitsToProto(request),
      maxTokens: maxTokens(request),
      topLogprobs: topLogprobs(request),
      ...interruptionToProto(request),
    },
  };
}

function maxTokens(request: ChatRequestBody): number | undefined {
  const given = onlyOne("max_tokens", request.max_tokens, "max_completion_tokens", request.max_completion_tokens);
  const length = lengthToProto("max_tokens", given, request.n_predict);
  return length === "unlimited" ? undefined : length;
}

/** OpenAI's switch and count, or llama-server's `n_probs`, whose 0 means none. */
function topLogprobs(request: ChatRequestBody): number | undefined {
  const { logprobs, top_logprobs: top } = request;
  if (top != null && logprobs !== true) {
    throw invalidParameter("top_logprobs", "top_logprobs needs logprobs: true");
  }
  const asked = onlyOne("top_logprobs", top, "n_probs", request.n_probs || undefined);
  return asked ?? (logprobs === true ? 0 : undefined);
}
