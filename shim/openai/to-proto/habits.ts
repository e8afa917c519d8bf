import { invalidParameter } from "../../../clients/errors.ts";
import { PromptEnd } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { type GenerationInit, onlyOne } from "../../dialect/sampling/to-proto.ts";
import type { HabitFields } from "../schema/habit-fields.ts";

interface Shared extends HabitFields {
  readonly stream?: boolean | null | undefined;
  readonly repeat_penalty?: number | null | undefined;
}

/** The generation options that clients of other servers name beside OpenAI's. */
export function habitsToProto(request: Shared): GenerationInit {
  if (request.prompt_logprobs != null && request.stream === true) {
    throw invalidParameter("prompt_logprobs", "prompt_logprobs has no place in a stream: leave stream out");
  }
  const cut = request.truncate_prompt_tokens;
  if (cut === 0) throw invalidParameter("truncate_prompt_tokens", "truncate_prompt_tokens must be at least 1, or -1");
  return {
    stopTokenIds: [...(request.stop_token_ids ?? [])],
    includeStop: request.include_stop_str_in_output ?? undefined,
    keepSpecial: request.skip_special_tokens === false ? true : undefined,
    promptLogprobs: request.prompt_logprobs ?? undefined,
    truncation: cut == null ? undefined : { maxTokens: Math.max(0, cut) },
    repeatPenalty: onlyOne("repeat_penalty", request.repeat_penalty, "repetition_penalty", request.repetition_penalty),
  };
}

/** llama-server's name for the answer's length beside OpenAI's; undefined: nobody says; "unlimited": -1. */
export function lengthToProto(
  name: string,
  given: number | null | undefined,
  predict: number | null | undefined,
): number | "unlimited" | undefined {
  const length = onlyOne(name, given, "n_predict", predict);
  return length === -1 ? "unlimited" : length;
}

/**
 * vLLM's two switches as one choice: an assistant's message last is continued only where `continue_final_message` says so,
 * as with vLLM and OpenAI; llama-server continues it unasked.
 */
export function promptEndToProto(request: {
  readonly continue_final_message?: boolean | null | undefined;
  readonly add_generation_prompt?: boolean | null | undefined;
}): PromptEnd {
  const { continue_final_message: continues, add_generation_prompt: opens } = request;
  if (continues === true && opens === true) {
    const message = "continue_final_message and add_generation_prompt exclude each other: set one of them to false";
    throw invalidParameter("continue_final_message", message);
  }
  if (continues === true) return PromptEnd.CONTINUE;
  return opens === false ? PromptEnd.CLOSED : PromptEnd.UNSPECIFIED;
}

/** Whether the request has vLLM's field for stop tokens, and so is told what stopped it as vLLM tells it. */
export function tellsStopReason(request: HabitFields): boolean {
  return request.stop_token_ids != null;
}
