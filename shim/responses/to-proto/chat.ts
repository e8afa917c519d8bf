import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import { type ChatRequestSchema, type ReasoningSchema, Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CountTokensRequestSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { samplersToProto } from "../../dialect/sampling/to-proto.ts";
import type { InputTokensBody, ResponseRequestBody } from "../schema/response-request.ts";
import { itemsToTurns, type PlacedItem, type Turn } from "./items.ts";
import { toolsToProto } from "./tools.ts";

/** The messages that a request becomes, with their places in it. `items`: those of earlier responses, and its own. */
export function turnsOf(request: Pick<InputTokensBody, "instructions">, items: readonly PlacedItem[]): Turn[] {
  const { instructions } = request;
  const turns = itemsToTurns(items);
  if (instructions == null || instructions === "") return turns;
  const content = [{ part: { case: "text" as const, value: instructions } }];
  return [{ message: { role: Role.SYSTEM, content }, from: "instructions" }, ...turns];
}

/** A response request for the proto. Throws the caller's error where fields contradict each other. */
export function responseToProto(request: ResponseRequestBody, turns: readonly Turn[]): Init<typeof ChatRequestSchema> {
  const { stop } = request;
  return {
    ...promptToProto(request, turns),
    ...toolsToProto(request),
    parallelToolCalls: request.parallel_tool_calls ?? undefined,
    responseFormat: formatToProto(request.text?.format),
    options: {
      ...samplersToProto(request),
      maxTokens: request.max_output_tokens ?? undefined,
      stop: typeof stop === "string" ? [stop] : (stop ?? []),
      temperature: request.temperature ?? undefined,
      topP: request.top_p ?? undefined,
      topK: request.top_k == null ? undefined : Math.max(0, request.top_k),
      topLogprobs: topLogprobs(request),
      ...(request.stream === true && request.background !== true && { interruptible: true }),
    },
  };
}

/** What a request's prompt is made of, for counting its tokens. */
export function countToProto(request: InputTokensBody, turns: readonly Turn[]): Init<typeof CountTokensRequestSchema> {
  const { tools, toolChoice } = toolsToProto(request);
  return { ...promptToProto(request, turns), tools: tools ?? [], ...(toolChoice && { toolChoice }) };
}

function promptToProto(request: InputTokensBody, turns: readonly Turn[]) {
  if (turns.length === 0)
    throw invalidParameter("input", "input is empty: at least one item, or instructions, is needed");
  return {
    model: request.model ?? "",
    messages: turns.map(({ message }) => message),
    reasoning: reasoningToProto(request.reasoning?.effort),
    // The verbosity is a variable of this name in the templates that know it.
    ...(request.text?.verbosity != null && { chatTemplateKwargs: { verbosity: request.text.verbosity } }),
    chatTemplateKwargsJson: request.chat_template_kwargs == null ? "" : jsonText(request.chat_template_kwargs),
  };
}

function reasoningToProto(effort: string | null | undefined): Init<typeof ReasoningSchema> | undefined {
  if (effort == null) return undefined;
  return effort === "none" ? { enabled: false } : { enabled: true, effort };
}

function topLogprobs({ include, top_logprobs: top }: ResponseRequestBody): number | undefined {
  const asked = include?.includes("message.output_text.logprobs") || !!top;
  return asked ? (top ?? 0) : undefined;
}

type Format = NonNullable<ResponseRequestBody["text"]>["format"];

function formatToProto(format: Format): Init<typeof ResponseFormatSchema> | undefined {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return { format: { case: "jsonObject", value: {} } };
    case "json_schema": {
      const { name, schema, strict } = format;
      // Without a schema any JSON is meant, which is what the empty schema says.
      const value = { name, schemaJson: jsonText(schema ?? {}), strict: strict ?? undefined };
      return { format: { case: "jsonSchema", value } };
    }
  }
}
