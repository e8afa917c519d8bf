import { Counter, Histogram } from "prom-client";
import { errorType } from "../../clients/tracing/tracer.ts";
import type { Finished } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { finishName } from "../protocol/finish-name.ts";

/**
 * Buckets of OpenTelemetry's GenAI server metrics, which are made for GPUs and large models, with finer ones below: a
 * small model answers within milliseconds.
 */
const buckets = {
  duration: [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84],
  firstToken: [
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  ],
  // vLLM's.
  tokens: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000],
  perToken: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
};

const labelNames = ["model", "operation"] as const;
const success = new Counter({
  name: "tokenwire_request_success_total",
  help: "Finished choices, by finish reason (done for embeddings and the like).",
  labelNames: [...labelNames, "finish_reason"],
});
const failure = new Counter({
  name: "tokenwire_request_failure_total",
  help: "Requests that ended with an error, by reason; CANCELLED means that the caller left.",
  labelNames: [...labelNames, "reason"],
});
const duration = new Histogram({
  name: "tokenwire_request_duration_seconds",
  help: "From a request's arrival to the end of its answer; requests that failed are left out.",
  labelNames,
  buckets: buckets.duration,
});
const queueTime = new Histogram({
  name: "tokenwire_request_queue_time_seconds",
  help: "From a request's arrival to the start of its prompt's processing.",
  labelNames,
  buckets: buckets.firstToken,
});
const firstToken = new Histogram({
  name: "tokenwire_time_to_first_token_seconds",
  help: "From a request's arrival to the first piece of its answer.",
  labelNames,
  buckets: buckets.firstToken,
});
const perToken = new Histogram({
  name: "tokenwire_time_per_output_token_seconds",
  help: "Mean time between the tokens of one answer after its first.",
  labelNames,
  buckets: buckets.perToken,
});

const interToken = new Histogram({
  name: "tokenwire_inter_token_latency_seconds",
  help: "Time between two pieces of a streamed answer, of whichever choice.",
  labelNames,
  buckets: buckets.perToken,
});
const promptTokens = new Histogram({
  name: "tokenwire_request_prompt_tokens",
  help: "Tokens of a request's prompt.",
  labelNames,
  buckets: buckets.tokens,
});
const completionTokens = new Histogram({
  name: "tokenwire_request_completion_tokens",
  help: "Tokens that were generated for a choice.",
  labelNames,
  buckets: buckets.tokens,
});

/** `model`: a configured id, never what a caller wrote. */
export interface RequestLabels {
  readonly model: string;
  readonly operation: string;
}

/** An event of a generation, as far as it is measured. */
interface MeasuredEvent {
  readonly kind: "loading" | "started" | "progress" | "delta" | "finished";
  readonly choice: number;
  /** How a choice ended; asked of its end alone. */
  finished(): Finished | undefined;
}

/** Passes a generation on and records its times and its end. */
export async function* measuredStream<T extends MeasuredEvent>(
  labels: RequestLabels,
  stream: AsyncIterable<T>,
): AsyncGenerator<T, void, void> {
  const arrivedAt = performance.now();
  const elapsedSeconds = () => (performance.now() - arrivedAt) / 1000;
  /** When the last piece of the answer came. */
  let lastPieceAt: number | undefined;
  let ended = false;
  try {
    for await (const event of stream) {
      if (event.kind === "started") queueTime.observe(labels, elapsedSeconds());
      else if (event.kind !== "progress" && event.kind !== "loading" && lastPieceAt === undefined) {
        lastPieceAt = performance.now();
        firstToken.observe(labels, elapsedSeconds());
      } else if (event.kind === "delta" && lastPieceAt !== undefined) {
        const now = performance.now();
        interToken.observe(labels, (now - lastPieceAt) / 1000);
        lastPieceAt = now;
      }
      const end = event.kind === "finished" ? event.finished() : undefined;
      if (end !== undefined) recordChoice(labels, event.choice, end);
      yield event;
    }
    ended = true;
    duration.observe(labels, elapsedSeconds());
  } catch (error) {
    ended = true;
    failure.inc({ ...labels, reason: errorType(error) });
    throw error;
  } finally {
    if (!ended) failure.inc({ ...labels, reason: "CANCELLED" });
  }
}

/** A call with one answer, with its time and its end. */
export async function measuredCall<T>(labels: RequestLabels, call: () => Promise<T>): Promise<T> {
  const end = duration.startTimer(labels);
  try {
    const answer = await call();
    end();
    success.inc({ ...labels, finish_reason: "done" });
    return answer;
  } catch (error) {
    failure.inc({ ...labels, reason: errorType(error) });
    throw error;
  }
}

function recordChoice(labels: RequestLabels, choice: number, { reason, usage, timings }: Finished): void {
  success.inc({ ...labels, finish_reason: finishName(reason) });
  // All choices have one prompt.
  if (choice === 0) promptTokens.observe(labels, usage?.promptTokens ?? 0);
  completionTokens.observe(labels, usage?.completionTokens ?? 0);
  const laterTokens = (usage?.completionTokens ?? 0) - 1;
  if (timings !== undefined && laterTokens > 0) perToken.observe(labels, timings.decodeMs / 1000 / laterTokens);
}
