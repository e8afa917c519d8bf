import type { Completion, CompletionChoice, LegacyLogprobs } from "../../answers/completion.ts";
import { completionChunks, type CompletionInfo, type PromptEvent } from "./completion-chunks.ts";

/** Reads the completions of a request's prompts to their end into one answer. */
export async function collectCompletion(events: AsyncIterable<PromptEvent>, info: CompletionInfo): Promise<Completion> {
  const choices = Array.from({ length: info.choices }, (_, index) => new ChoiceParts(index));
  let last: Completion | undefined;
  for await (const chunk of completionChunks(events, info, { includeUsage: true })) {
    for (const piece of chunk.choices) choices[piece.index]?.add(piece);
    last = chunk;
  }
  // The last chunk is the one with the usage: without it the stream would have thrown.
  if (last === undefined) throw new Error("a completion without a chunk");
  return { ...last, choices: choices.map((choice) => choice.whole()) };
}

/** What has arrived of one choice. */
class ChoiceParts {
  readonly #index: number;
  readonly #texts: string[] = [];
  readonly #logprobs: LegacyLogprobs[] = [];
  #finishReason: CompletionChoice["finish_reason"] = null;
  #ending: Pick<CompletionChoice, "stop_reason" | "prompt_logprobs"> = {};

  constructor(index: number) {
    this.#index = index;
  }

  add({ text, logprobs, finish_reason: finishReason, ...ending }: CompletionChoice): void {
    this.#texts.push(text);
    if (logprobs !== null) this.#logprobs.push(logprobs);
    this.#finishReason = finishReason ?? this.#finishReason;
    if (finishReason !== null) this.#ending = ending;
  }

  whole(): CompletionChoice {
    return {
      text: this.#texts.join(""),
      index: this.#index,
      logprobs: joinLogprobs(this.#logprobs),
      finish_reason: this.#finishReason,
      ...this.#ending,
    };
  }
}

function joinLogprobs(pieces: readonly LegacyLogprobs[]): LegacyLogprobs | null {
  if (pieces.length === 0) return null;
  return {
    tokens: pieces.flatMap((piece) => piece.tokens),
    token_logprobs: pieces.flatMap((piece) => piece.token_logprobs),
    top_logprobs: pieces.flatMap((piece) => piece.top_logprobs),
    text_offset: pieces.flatMap((piece) => piece.text_offset),
  };
}
