import type { Timings, Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

/** llama-server's account of the work; times are milliseconds. */
export interface LlamaTimings {
  readonly cache_n: number;
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly prompt_per_token_ms: number;
  readonly prompt_per_second: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly predicted_per_token_ms: number;
  readonly predicted_per_second: number;
}

export function timingsFromProto(usage: Usage | undefined, timings: Timings | undefined): LlamaTimings {
  const { promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = usage ?? {};
  return toTimings({
    cached: cachedTokens,
    prompt: promptTokens - cachedTokens,
    promptMs: timings?.prefillMs ?? 0,
    predicted: completionTokens,
    predictedMs: timings?.decodeMs ?? 0,
  });
}

export interface TimedCounts {
  readonly cached: number;
  readonly prompt: number;
  readonly promptMs: number;
  readonly predicted: number;
  readonly predictedMs: number;
}

export function toTimings({ cached, prompt, promptMs, predicted, predictedMs }: TimedCounts): LlamaTimings {
  return {
    cache_n: cached,
    prompt_n: prompt,
    prompt_ms: promptMs,
    prompt_per_token_ms: ratio(promptMs, prompt),
    prompt_per_second: ratio(prompt * 1_000, promptMs),
    predicted_n: predicted,
    predicted_ms: predictedMs,
    predicted_per_token_ms: ratio(predictedMs, predicted),
    predicted_per_second: ratio(predicted * 1_000, predictedMs),
  };
}

/** Nothing per nothing is 0: JSON has no other word for it. */
function ratio(amount: number, per: number): number {
  return per === 0 ? 0 : amount / per;
}
