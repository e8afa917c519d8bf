import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import type { ChatRequestSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { type GenerationInit, samplingToProto } from "../../dialect/sampling/to-proto.ts";
import type { OllamaChatRequest } from "../schema/chat-request.ts";

type Shared = Pick<OllamaChatRequest, "stream" | "format" | "options" | "think" | "logprobs" | "top_logprobs">;

/** The generation options of a request; Ollama streams unless it is told not to. */
export function optionsToProto({ options, logprobs, top_logprobs: top, stream }: Shared): GenerationInit {
  if (top != null && top > 0 && logprobs !== true) {
    throw invalidParameter("top_logprobs", "top_logprobs needs logprobs: true");
  }
  const length = options?.num_predict ?? -1;
  return {
    ...samplingToProto(options ?? {}),
    maxTokens: length > 0 ? length : undefined,
    topLogprobs: logprobs === true ? (top ?? 0) : undefined,
    ...(stream !== false && { interruptible: true }),
  };
}

/** `json` is any JSON object, an object is a JSON Schema. */
export function formatToProto(format: Shared["format"]): Init<typeof ResponseFormatSchema> | undefined {
  if (format == null || format === "") return undefined;
  if (format === "json") return { format: { case: "jsonObject", value: {} } };
  return { format: { case: "jsonSchema", value: { name: "response", schemaJson: jsonText(format) } } };
}

/** Whether and how hard to think; undefined: as the model's template has it. */
export function thinkToProto(think: Shared["think"]): Init<typeof ChatRequestSchema>["reasoning"] {
  if (think == null) return undefined;
  return typeof think === "boolean" ? { enabled: think } : { enabled: true, effort: think };
}
