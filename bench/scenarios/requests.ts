import type { PlannedRequest } from "../load/plan.ts";
import type { Round } from "../run/scenario.ts";

/** Tokens of a prompt that no other one begins like. */
export function randomTokens({ server, random }: Pick<Round, "server" | "random">, count: number): number[] {
  // The first ones are often bytes and marks of the chat format.
  const first = Math.min(1000, server.vocabulary >> 2);
  // Above that, vocabularies that were made larger have no words.
  const last = Math.min(server.vocabulary, 49_000) - 100;
  return Array.from({ length: count }, () => first + Math.floor(random() * (last - first)));
}

export interface CompletionOptions {
  readonly model: string;
  readonly maxTokens: number;
  readonly stream?: boolean;
  /** Whether a prompt that begins like an earlier one may be taken from the cache; off unless that is measured. */
  readonly cachePrompt?: boolean;
  readonly label?: string;
}

/** A completion of exactly so many tokens, sampled as people sample. */
export function completion(prompt: readonly number[] | string, options: CompletionOptions): PlannedRequest {
  const { model, maxTokens, stream = true, cachePrompt = false, label = "" } = options;
  const body = {
    model,
    prompt,
    max_tokens: maxTokens,
    ignore_eos: true,
    temperature: 0.8,
    top_k: 40,
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    cache_prompt: cachePrompt,
  };
  return { path: "/v1/completions", body: JSON.stringify(body), label };
}

const words =
  "time year people way day thing world life hand part child eye place work week case point company number group problem fact good new first last long great little own other old right big high small large next early young public able".split(
    " ",
  );

/** Common words, which are a token or two each. */
export function randomText(random: () => number, count: number): string {
  return Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(" ");
}
