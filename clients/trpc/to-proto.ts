import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ContentPartSchema,
  ImageDetail,
  PromptEnd,
  Role,
  ToolChoiceMode,
  type ChatRequestSchema,
  type MessageSchema,
  type ToolChoiceSchema,
  type ToolSchema,
} from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import {
  TruncationSide,
  type GenerationOptionsSchema,
  type ResponseFormatSchema,
  type TruncationSchema,
} from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { Pooling, type EmbedRequestSchema } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { PullModelRequestSchema } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ChatInput, EmbedInput, PullInput } from "./inputs.ts";

type PartInit = MessageInitShape<typeof ContentPartSchema>;
type ChatMessage = ChatInput["messages"][number];
type Optional<Key extends keyof ChatInput> = NonNullable<ChatInput[Key]>;

const roles: Readonly<Record<ChatMessage["role"], Role>> = {
  system: Role.SYSTEM,
  developer: Role.DEVELOPER,
  user: Role.USER,
  assistant: Role.ASSISTANT,
  tool: Role.TOOL,
};

const toolChoiceModes = {
  auto: ToolChoiceMode.AUTO,
  none: ToolChoiceMode.NONE,
  required: ToolChoiceMode.REQUIRED,
} as const;

const poolings: Readonly<Record<NonNullable<EmbedInput["pooling"]>, Pooling>> = {
  mean: Pooling.MEAN,
  cls: Pooling.CLS,
  last: Pooling.LAST,
};

const promptEnds: Readonly<Record<NonNullable<ChatInput["promptEnd"]>, PromptEnd>> = {
  newTurn: PromptEnd.NEW_TURN,
  continue: PromptEnd.CONTINUE,
  closed: PromptEnd.CLOSED,
};

const truncationSides = { left: TruncationSide.LEFT, right: TruncationSide.RIGHT } as const;

/** A frontend's chat as the request to the service. */
export function chatToProto(input: ChatInput): MessageInitShape<typeof ChatRequestSchema> {
  const { tools, toolChoice, responseFormat, options, parallelToolCalls, chatTemplate, chatTemplateKwargs } = input;
  return {
    model: input.model ?? "",
    messages: input.messages.map(messageToProto),
    tools: tools?.map(toolToProto) ?? [],
    ...(toolChoice !== undefined && { toolChoice: toolChoiceToProto(toolChoice) }),
    ...(responseFormat && { responseFormat: responseFormatToProto(responseFormat) }),
    ...(options && { options: optionsToProto(options) }),
    ...(input.reasoning && { reasoning: input.reasoning }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(chatTemplate !== undefined && { chatTemplate }),
    ...(chatTemplateKwargs && { chatTemplateKwargs }),
    ...(input.promptEnd && { promptEnd: promptEnds[input.promptEnd] }),
  };
}

/** A frontend's texts as the request to the service. */
export function embedToProto(input: EmbedInput): MessageInitShape<typeof EmbedRequestSchema> {
  const { dimensions, normalize, pooling } = input;
  return {
    model: input.model ?? "",
    inputs: input.inputs.map((item) => ({
      kind: typeof item === "string" ? { case: "text", value: item } : { case: "tokens", value: { tokens: item } },
    })),
    ...(dimensions !== undefined && { dimensions }),
    ...(normalize !== undefined && { normalize }),
    ...(pooling && { pooling: poolings[pooling] }),
    ...(input.truncation && { truncation: truncationToProto(input.truncation) }),
  };
}

export function pullToProto({ source, ...rest }: PullInput): MessageInitShape<typeof PullModelRequestSchema> {
  const { file = "", id = "", sha256 = "" } = rest;
  return {
    source: "url" in source ? { case: "url", value: source.url } : { case: "repository", value: source.repository },
    file,
    id,
    sha256,
  };
}

function messageToProto(message: ChatMessage): MessageInitShape<typeof MessageSchema> {
  const { content = [], toolCalls = [] } = message;
  const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
  return {
    role: roles[message.role],
    content: parts.map(partToProto),
    toolCalls: toolCalls.map(({ id, name, arguments: argumentsJson }) => ({ id, name, argumentsJson })),
    toolCallId: message.toolCallId ?? "",
    reasoning: message.reasoning ?? "",
    name: message.name ?? "",
  };
}

const details = { auto: ImageDetail.UNSPECIFIED, low: ImageDetail.LOW, high: ImageDetail.HIGH } as const;

function partToProto(part: Exclude<ChatMessage["content"], string | undefined>[number]): PartInit {
  switch (part.type) {
    case "text":
      return { part: { case: "text", value: part.text } };
    case "image": {
      const { url, detail = "auto" } = part;
      return { part: { case: "image", value: { source: { case: "url", value: url }, detail: details[detail] } } };
    }
    case "audio":
      return { part: { case: "audio", value: { source: { case: "url", value: part.url } } } };
  }
}

function toolToProto(tool: Optional<"tools">[number]): MessageInitShape<typeof ToolSchema> {
  return {
    name: tool.name,
    description: tool.description ?? "",
    parametersJson: tool.parameters === undefined ? "" : asJson(tool.parameters),
    ...(tool.strict !== undefined && { strict: tool.strict }),
  };
}

function toolChoiceToProto(choice: Optional<"toolChoice">): MessageInitShape<typeof ToolChoiceSchema> {
  if (typeof choice === "string") return { choice: { case: "mode", value: toolChoiceModes[choice] } };
  if ("name" in choice) return { choice: { case: "name", value: choice.name } };
  return { choice: { case: "mode", value: toolChoiceModes[choice.mode] }, allowed: choice.allowed };
}

function responseFormatToProto(format: Optional<"responseFormat">): MessageInitShape<typeof ResponseFormatSchema> {
  switch (format.type) {
    case "jsonObject":
      return { format: { case: "jsonObject", value: {} } };
    case "jsonSchema": {
      const { name = "", schema, strict } = format;
      const value = { name, schemaJson: asJson(schema), ...(strict !== undefined && { strict }) };
      return { format: { case: "jsonSchema", value } };
    }
    case "gbnf":
      return { format: { case: "gbnf", value: format.grammar } };
    case "regex":
      return { format: { case: "regex", value: format.pattern } };
    case "choice":
      return { format: { case: "choice", value: { options: format.options } } };
  }
}

function optionsToProto(options: Optional<"options">): MessageInitShape<typeof GenerationOptionsSchema> {
  // The optional fields have the proto's names and types; lists may not be absent there.
  const { logitBias = [], stop = [], stopTokenIds = [], drySequenceBreakers = [], samplers = [], ...rest } = options;
  const { truncation, reportProgress = false, ...fields } = rest;
  return {
    ...fields,
    reportProgress,
    ...(truncation && { truncation: truncationToProto(truncation) }),
    stop,
    stopTokenIds,
    drySequenceBreakers,
    samplers,
    logitBias: logitBias.map((entry) => ({
      bias: entry.bias,
      target: "token" in entry ? { case: "token", value: entry.token } : { case: "text", value: entry.text },
    })),
  };
}

function truncationToProto({
  maxTokens,
  side,
}: NonNullable<EmbedInput["truncation"]>): MessageInitShape<typeof TruncationSchema> {
  return { ...(maxTokens !== undefined && { maxTokens }), ...(side && { side: truncationSides[side] }) };
}

/** JSON that was given as its text stays as it is. */
function asJson(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
