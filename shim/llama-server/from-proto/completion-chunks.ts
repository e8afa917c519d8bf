import {
  type Finished,
  FinishReason,
  type Started,
  type TextDelta,
  type TokenCandidate,
  type TokenLogprob,
} from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { finiteLogprob, tokenText } from "../../dialect/answer/token-text.ts";
import { type LlamaTimings, timingsFromProto, toTimings } from "./timings.ts";

interface TokenProbability {
  readonly id: number;
  readonly token: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
}

interface TokenProbabilities extends TokenProbability {
  readonly top_logprobs: readonly TokenProbability[];
}

interface PromptProgress {
  readonly total: number;
  readonly cache: number;
  readonly processed: number;
  readonly time_ms: number;
}

/** A piece of an answer; the last one of a choice has `stop: true` and the rest. */
export interface LlamaChunk {
  readonly index: number;
  readonly content: string;
  readonly tokens: readonly number[];
  readonly stop: boolean;
  readonly id_slot: number;
  readonly tokens_predicted: number;
  readonly tokens_evaluated: number;
  readonly completion_probabilities?: readonly TokenProbabilities[];
  readonly timings?: LlamaTimings;
  readonly prompt_progress?: PromptProgress;
  readonly ending?: LlamaEnding;
}

export interface LlamaEnding {
  readonly model: string;
  readonly stop_type: "eos" | "limit" | "word";
  readonly stopping_word: string;
  readonly truncated: boolean;
  readonly tokens_cached: number;
  readonly timings: LlamaTimings;
}

export interface ChunkOptions {
  /** Of the first choice among the request's results. */
  readonly firstIndex: number;
  /** 0: the prompt was to be processed, and the token that this took is not shown. */
  readonly predict: number;
  readonly withTokens: boolean;
  readonly withProbabilities: boolean;
  readonly withTimings: boolean;
}

/** A completion's events as llama-server's chunks. */
export async function* completionChunks(
  events: AsyncIterable<CompleteResponse>,
  options: ChunkOptions,
): AsyncGenerator<LlamaChunk, void, void> {
  let started: Started | undefined;
  const clock = { startedMs: performance.now(), firstMs: 0 };
  const counts = new Map<number, number>();
  const hidden = options.predict === 0;
  const base = (choice: number): LlamaChunk => ({
    index: options.firstIndex + choice,
    content: "",
    tokens: [],
    stop: false,
    // Choices stand in the slots behind one another, as far as is known here.
    id_slot: (started?.slot ?? 0) + choice,
    tokens_predicted: counts.get(choice) ?? 0,
    tokens_evaluated: started?.promptTokens ?? 0,
  });
  for await (const { choice, event } of events) {
    switch (event.case) {
      case "started":
        started = event.value;
        clock.startedMs = performance.now();
        break;
      case "progress": {
        const { promptTokens: total = 0, cachedTokens: cache = 0 } = started ?? {};
        const { processedTokens: processed, elapsedMs: time_ms } = event.value;
        yield { ...base(choice), prompt_progress: { total, cache, processed, time_ms } };
        break;
      }
      case "text": {
        clock.firstMs ||= performance.now();
        if (hidden) break;
        counts.set(choice, (counts.get(choice) ?? 0) + Math.max(1, event.value.logprobs.length));
        yield {
          ...base(choice),
          ...delta(event.value, options),
          ...(options.withTimings && { timings: timingsNow(choice) }),
        };
        break;
      }
      case "finished": {
        const ending = endingFromProto(event.value, started);
        const predicted = hidden ? 0 : (event.value.usage?.completionTokens ?? 0);
        yield { ...base(choice), stop: true, tokens_predicted: predicted, timings: ending.timings, ending };
        break;
      }
      case "loading":
      case undefined:
        break;
    }
  }

  function timingsNow(choice: number): LlamaTimings {
    const { promptTokens = 0, cachedTokens = 0 } = started ?? {};
    return toTimings({
      cached: cachedTokens,
      prompt: promptTokens - cachedTokens,
      promptMs: clock.firstMs - clock.startedMs,
      predicted: counts.get(choice) ?? 0,
      predictedMs: performance.now() - clock.firstMs,
    });
  }
}

function delta({ text, logprobs }: TextDelta, options: ChunkOptions): Partial<LlamaChunk> {
  return {
    content: text,
    ...(options.withTokens && { tokens: logprobs.map(({ token }) => token?.id ?? 0) }),
    ...(options.withProbabilities &&
      logprobs.length > 0 && { completion_probabilities: logprobs.map(toProbabilities) }),
  };
}

function toProbabilities({ token, top }: TokenLogprob): TokenProbabilities {
  return { ...toProbability(token), top_logprobs: top.map(toProbability) };
}

function toProbability(candidate: TokenCandidate | undefined): TokenProbability {
  const bytes = candidate?.bytes ?? new Uint8Array();
  return { id: candidate?.id ?? 0, token: tokenText(bytes), bytes: [...bytes], logprob: finiteLogprob(candidate) };
}

function endingFromProto(
  { reason, stopSequence, usage, timings }: Finished,
  started: Started | undefined,
): LlamaEnding {
  const stopped = stopSequence === undefined ? ("eos" as const) : ("word" as const);
  return {
    model: started?.model ?? "",
    stop_type: reason === FinishReason.STOP ? stopped : "limit",
    stopping_word: stopSequence ?? "",
    truncated: reason === FinishReason.CONTEXT_FULL,
    tokens_cached: (usage?.promptTokens ?? 0) + Math.max(0, (usage?.completionTokens ?? 0) - 1),
    timings: timingsFromProto(usage, timings),
  };
}
