import type { AnswerInfo } from "../answer-info.ts";
import type { ChatLogprobs } from "../../dialect/answer/chat-logprobs.ts";
import type { OpenAiFinishReason } from "./finish-reason.ts";
import type { StopReason } from "./stop-reason.ts";
import type { OpenAiUsage } from "./usage.ts";

export interface FunctionCallDelta {
  readonly name?: string;
  readonly arguments: string;
}

export interface ChatDelta {
  readonly role?: "assistant";
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly type?: "function";
    readonly function: FunctionCallDelta;
  }[];
  readonly function_call?: FunctionCallDelta;
}

export interface ChatChunkChoice {
  readonly index: number;
  readonly delta: ChatDelta;
  readonly logprobs: ChatLogprobs | null;
  readonly finish_reason: OpenAiFinishReason | null;
  readonly stop_reason?: StopReason["stop_reason"];
}

export interface ChatChunk {
  readonly id: string;
  readonly object: "chat.completion.chunk";
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
  readonly service_tier?: string;
  readonly choices: readonly ChatChunkChoice[];
  /** Only where usage was asked for: null until the last chunk, which has it and no choices. */
  readonly usage?: OpenAiUsage | null;
}

export interface ChatAnswerInfo extends AnswerInfo {
  readonly legacyFunctions: boolean;
  /** What each choice's content begins with: the message that is continued, where that is to be repeated. */
  readonly echo: string;
  /** Said only when the request named a tier, as OpenAI does. */
  readonly serviceTier: "default" | undefined;
}
