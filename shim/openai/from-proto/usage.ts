import type { Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { OpenAiUsage } from "../answers/usage.ts";

/** The usage of a request from those of its choices: they share one prompt, each has its own completion. */
export function usageFromProto(byChoice: ReadonlyMap<number, Usage | undefined>): OpenAiUsage {
  const choices = [...byChoice.values()].filter((usage) => usage !== undefined);
  // Later choices find the prompt in the first one's cache; only its count says what the request reused.
  const first = byChoice.get(0) ?? choices[0];
  return toOpenAi({
    prompt: first?.promptTokens ?? 0,
    cached: first?.cachedTokens ?? 0,
    completion: sum(choices.map((usage) => usage.completionTokens)),
    reasoning: sum(choices.map((usage) => usage.reasoningTokens)),
  });
}

/** The usage of a request with several prompts, from those of its prompts. */
export function addUsages(usages: readonly OpenAiUsage[]): OpenAiUsage {
  return toOpenAi({
    prompt: sum(usages.map((usage) => usage.prompt_tokens)),
    cached: sum(usages.map((usage) => usage.prompt_tokens_details.cached_tokens)),
    completion: sum(usages.map((usage) => usage.completion_tokens)),
    reasoning: sum(usages.map((usage) => usage.completion_tokens_details.reasoning_tokens)),
  });
}

function toOpenAi(tokens: { prompt: number; cached: number; completion: number; reasoning: number }): OpenAiUsage {
  return {
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    total_tokens: tokens.prompt + tokens.completion,
    prompt_tokens_details: { cached_tokens: tokens.cached },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
