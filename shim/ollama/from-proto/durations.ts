import { FinishReason, type Finished } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

/** What Ollama's last message says of the work; durations are nanoseconds. */
export interface Ending {
  readonly done_reason: string;
  readonly total_duration: number;
  readonly load_duration: number;
  readonly prompt_eval_count: number;
  readonly prompt_eval_duration: number;
  readonly eval_count: number;
  readonly eval_duration: number;
}

/** Measures one request; made at its arrival. */
export class Stopwatch {
  readonly #arrivedMs = performance.now();
  #startedMs: number | undefined;

  /** The prompt's processing has begun: what came before was the wait for the model and its turn. */
  started(): void {
    this.#startedMs ??= performance.now();
  }

  get totalNs(): number {
    return toNs(performance.now() - this.#arrivedMs);
  }

  get loadNs(): number {
    return toNs((this.#startedMs ?? performance.now()) - this.#arrivedMs);
  }
}

export function endingFromProto({ reason, usage, timings }: Finished, watch: Stopwatch): Ending {
  return {
    done_reason: reason === FinishReason.STOP || reason === FinishReason.TOOL_CALLS ? "stop" : "length",
    total_duration: watch.totalNs,
    load_duration: watch.loadNs,
    prompt_eval_count: usage?.promptTokens ?? 0,
    prompt_eval_duration: toNs(timings?.prefillMs ?? 0),
    eval_count: usage?.completionTokens ?? 0,
    eval_duration: toNs(timings?.decodeMs ?? 0),
  };
}

function toNs(ms: number): number {
  return Math.round(ms * 1e6);
}
