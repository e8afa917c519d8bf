import { jsonText } from "../../../clients/json/source-text.ts";
import type { ChatRequestSchema, ReasoningSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { onlyOne } from "../../dialect/sampling/to-proto.ts";
import type { Init } from "../../dialect/deps.ts";
import type { PromptFields } from "../schema/prompt-fields.ts";
import { promptEndToProto } from "./habits.ts";
import { messagesToProto } from "./messages.ts";
import { toolsToProto } from "./tools.ts";

/** What the prompt of a chat depends on. Throws the caller's error where fields contradict each other. */
export function promptToProto(request: PromptFields) {
  return {
    model: request.model ?? "",
    messages: messagesToProto(request.messages),
    ...toolsToProto(request),
    chatTemplateKwargsJson: request.chat_template_kwargs == null ? "" : jsonText(request.chat_template_kwargs),
    chatTemplate: request.chat_template ?? undefined,
    reasoning: reasoningToProto(request),
    promptEnd: promptEndToProto(request),
  } satisfies Init<typeof ChatRequestSchema>;
}

function reasoningToProto(request: PromptFields): Init<typeof ReasoningSchema> | undefined {
  const effort = request.reasoning_effort ?? undefined;
  const budget = onlyOne(
    "reasoning_budget",
    request.reasoning_budget,
    "thinking_budget_tokens",
    request.thinking_budget_tokens,
  );
  const budgetTokens = budget === -1 ? undefined : budget;
  if (effort === undefined && budgetTokens === undefined) return undefined;
  if (effort === undefined) return { budgetTokens };
  return effort === "none" ? { enabled: false, budgetTokens } : { enabled: true, effort, budgetTokens };
}
