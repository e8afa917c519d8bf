import type { CompleteResponse } from "../../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { collectCompletion } from "./completion.ts";
import type { Completion, CompletionChoice } from "../../answers/completion.ts";
import type { CompletionInfo, PromptEvent } from "./completion-chunks.ts";

export interface BestOf {
  /** How many choices of each prompt are kept, of the `choicesPerPrompt` that the events have. */
  readonly n: number;
  /** Whether the caller asked for log-probabilities: ranking needs them either way. */
  readonly logprobs: boolean;
}

/**
 * Reads the completions of a request's prompts to their end, and keeps of each prompt the `n` choices whose tokens are
 * likeliest on average, the best first. The usage is that of all: they were all generated. The events must have
 * log-probabilities.
 */
export async function collectBest(
  events: AsyncIterable<PromptEvent>,
  info: CompletionInfo,
  best: BestOf,
): Promise<Completion> {
  const means = Array.from({ length: info.choices }, () => new MeanLogprob());
  const completion = await collectCompletion(ranking(events, info, means), info);
  const prompts = info.choices / info.choicesPerPrompt;
  const kept = Array.from({ length: prompts }, (_, prompt) =>
    completion.choices
      .slice(prompt * info.choicesPerPrompt, (prompt + 1) * info.choicesPerPrompt)
      .toSorted((a, b) => meanOf(b) - meanOf(a))
      .slice(0, best.n),
  );
  return {
    ...completion,
    choices: kept.flat().map((choice, index) => ({ ...choice, index, ...(!best.logprobs && { logprobs: null }) })),
  };

  function meanOf({ index }: CompletionChoice): number {
    return means[index]?.value ?? 0;
  }
}

/** Hands the events on, and adds their log-probabilities to the choices' means. */
async function* ranking(
  events: AsyncIterable<PromptEvent>,
  { choicesPerPrompt }: CompletionInfo,
  means: readonly MeanLogprob[],
): AsyncGenerator<PromptEvent, void, void> {
  for await (const event of events) {
    means[event.source * choicesPerPrompt + event.value.choice]?.add(event.value);
    yield event;
  }
}

class MeanLogprob {
  #sum = 0;
  #tokens = 0;

  add({ event }: CompleteResponse): void {
    if (event.case !== "text") return;
    for (const { prompt, token } of event.value.logprobs) {
      if (prompt || token?.logprob === undefined) continue;
      this.#sum += token.logprob;
      this.#tokens += 1;
    }
  }

  /** A completion without tokens is the last that anybody wants. */
  get value(): number {
    return this.#tokens === 0 ? -Number.MAX_VALUE : this.#sum / this.#tokens;
  }
}
