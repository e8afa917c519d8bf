import { randomUUID } from "node:crypto";
import type { AnthropicUsage } from "./usage.ts";

export type AnthropicBlock =
  | { readonly type: "text"; readonly text: string; readonly citations: null }
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | {
      readonly type: "tool_use";
      readonly id: string;
      readonly name: string;
      readonly input: unknown;
      readonly caller: { readonly type: "direct" };
    };

export type StopReason = "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "model_context_window_exceeded";

/** Anthropic's answer. */
export interface AnthropicMessage {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly AnthropicBlock[];
  readonly stop_reason: StopReason | null;
  readonly stop_sequence: string | null;
  readonly stop_details: null;
  readonly container: null;
  readonly diagnostics: null;
  readonly usage: AnthropicUsage;
}

/** What is known of an answer before it begins. */
export interface MessageInfo {
  readonly id: string;
  /** The name that the request gave; the model that answers says its own when it starts. */
  readonly requestedModel: string;
  /** The thinking is not told, though it is done. */
  readonly thinkingOmitted: boolean;
}

export function newMessageInfo(details: Omit<MessageInfo, "id">): MessageInfo {
  return { id: `msg_${randomUUID().replaceAll("-", "")}`, ...details };
}
