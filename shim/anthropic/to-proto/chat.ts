import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import {
  type ChatRequestSchema,
  PromptEnd,
  type ReasoningSchema,
  Role,
} from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CountTokensRequestSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { samplersToProto } from "../../dialect/sampling/to-proto.ts";
import type { CountRequestBody, MessageRequestBody } from "../schema/message-request.ts";
import { clearThinking } from "./clear-thinking.ts";
import { conversationToProto, type Turn } from "./messages.ts";
import { toolsToProto } from "./tools.ts";

/** The messages that a request becomes, with their places in it. */
export function turnsOf(request: CountRequestBody): readonly Turn[] {
  return clearThinking(conversationToProto(request), request.context_management);
}

/** A message request for the proto. Throws the caller's error where fields contradict each other. */
export function messageToProto(request: MessageRequestBody): Init<typeof ChatRequestSchema> {
  checkBudget(request);
  const schema = request.output_config?.format?.schema;
  return {
    ...promptToProto(request),
    ...toolsToProto(request),
    ...(schema !== undefined && {
      responseFormat: {
        format: { case: "jsonSchema", value: { name: "response", schemaJson: jsonText(schema), strict: true } },
      },
    }),
    options: {
      ...samplersToProto(request),
      maxTokens: request.max_tokens,
      stop: request.stop_sequences ?? [],
      temperature: request.temperature ?? undefined,
      topP: request.top_p ?? undefined,
      topK: request.top_k ?? undefined,
      ...(request.stream === true && { interruptible: true }),
    },
  };
}

/** What a request's prompt is made of, for counting its tokens. */
export function countToProto(request: CountRequestBody): Init<typeof CountTokensRequestSchema> {
  const { tools, toolChoice } = toolsToProto(request);
  return { ...promptToProto(request), tools: tools ?? [], ...(toolChoice && { toolChoice }) };
}

function promptToProto(request: CountRequestBody) {
  const messages = turnsOf(request).map(({ message }) => message);
  return {
    model: request.model ?? "",
    messages,
    // An assistant's message at the end is the beginning of the answer.
    promptEnd: messages.at(-1)?.role === Role.ASSISTANT ? PromptEnd.CONTINUE : PromptEnd.UNSPECIFIED,
    reasoning: reasoningToProto(request),
  };
}

/** Without a word about thinking the API does not think, so that the first block of an answer is its text. */
function reasoningToProto({ thinking, output_config: output }: CountRequestBody): Init<typeof ReasoningSchema> {
  const effort = output?.effort ?? undefined;
  switch (thinking?.type) {
    case "enabled":
      return { enabled: true, effort, budgetTokens: thinking.budget_tokens };
    case "adaptive":
      return { effort };
    case "disabled":
    case undefined:
      return { enabled: false, effort };
  }
}

function checkBudget({ thinking, max_tokens: maxTokens }: MessageRequestBody): void {
  if (thinking?.type !== "enabled" || thinking.budget_tokens < maxTokens) return;
  const message = `thinking.budget_tokens (${thinking.budget_tokens}) must be below max_tokens (${maxTokens})`;
  throw invalidParameter("thinking.budget_tokens", message);
}
