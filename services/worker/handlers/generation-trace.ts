import { SpanKind, type Attributes, type Span } from "@opentelemetry/api";
import { attr, attrValue, genAiSpanName, spanName } from "../../../clients/tracing/names.ts";
import { contextWith, startSpan, streamWithSpan } from "../../../clients/tracing/tracer.ts";
import type { EngineTimings, GenerateJob } from "../../engine/engine.ts";

export interface TracedGeneration {
  /** A GenAI operation: `chat`. */
  readonly operation: string;
  readonly model: string;
  readonly job: GenerateJob;
}

/** How one choice ended. */
export interface ChoiceOutcome {
  /** `stop`, `length`, `tool_calls`, `interrupted`. */
  readonly reason: string;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly timings: EngineTimings;
}

/** What a generation tells its span. */
export interface GenerationTrace {
  started(cachedTokens: number): void;
  finished(outcome: ChoiceOutcome): void;
}

/** A generation inside its GenAI span, with one span each below it for the queue, the prefill and the decoding. No text is recorded. */
export function tracedGeneration<T>(
  generation: TracedGeneration,
  work: (trace: GenerationTrace) => AsyncIterable<T>,
): AsyncIterable<T> {
  const name = genAiSpanName(generation.operation, generation.model);
  const options = { kind: SpanKind.INTERNAL, attributes: requestAttributes(generation) };
  return streamWithSpan(name, options, (span) => traced(span, generation.job, work));
}

async function* traced<T>(span: Span, job: GenerateJob, work: (trace: GenerationTrace) => AsyncIterable<T>) {
  const outcomes: ChoiceOutcome[] = [];
  const trace: GenerationTrace = {
    started: (cachedTokens) => span.setAttribute(attr.genAiUsageCacheReadInputTokens, cachedTokens),
    finished: (outcome) => void outcomes.push(outcome),
  };
  try {
    yield* work(trace);
  } finally {
    const sum = (tokens: (outcome: ChoiceOutcome) => number) => outcomes.reduce((all, one) => all + tokens(one), 0);
    // A choice that did not come to its end ended with an error or a cancel.
    const unfinished = Array.from({ length: job.choices - outcomes.length }, () => "error");
    span.setAttributes({
      [attr.genAiResponseFinishReasons]: [...outcomes.map(({ reason }) => reason), ...unfinished],
      [attr.genAiUsageOutputTokens]: sum((outcome) => outcome.completionTokens),
      [attr.genAiUsageReasoningOutputTokens]: sum((outcome) => outcome.reasoningTokens),
    });
    addPhases(span, outcomes);
  }
}

/** Choices share their prompt and run side by side: the phases are those of the one that took longest. */
function addPhases(span: Span, outcomes: readonly ChoiceOutcome[]): void {
  const [longest] = outcomes.map(({ timings }) => timings).toSorted((a, b) => b.decodeMs - a.decodeMs);
  if (longest === undefined) return;
  const parent = contextWith(span);
  let startTime = longest.startedAt;
  for (const [name, ms] of [
    [spanName.queue, longest.queueMs],
    [spanName.prefill, longest.prefillMs],
    [spanName.decode, longest.decodeMs],
  ] as const) {
    startSpan(name, { kind: SpanKind.INTERNAL, startTime }, parent).end(startTime + ms);
    startTime += ms;
  }
}

function requestAttributes({ operation, model, job }: TracedGeneration): Attributes {
  const { sampling } = job;
  return {
    [attr.genAiOperationName]: operation,
    [attr.genAiProviderName]: attrValue.genAiProvider,
    [attr.genAiRequestModel]: model,
    [attr.genAiResponseModel]: model,
    [attr.genAiRequestTemperature]: asWritten(sampling.temperature),
    [attr.genAiRequestTopP]: asWritten(sampling.topP),
    [attr.genAiRequestTopK]: sampling.topK,
    [attr.genAiRequestPresencePenalty]: asWritten(sampling.presencePenalty),
    [attr.genAiRequestFrequencyPenalty]: asWritten(sampling.frequencyPenalty),
    [attr.genAiUsageInputTokens]: job.prompt.length,
    ...(job.maxTokens !== undefined && { [attr.genAiRequestMaxTokens]: job.maxTokens }),
    ...(sampling.seed !== undefined && { [attr.genAiRequestSeed]: sampling.seed }),
    ...(job.choices !== 1 && { [attr.genAiRequestChoiceCount]: job.choices }),
  };
}

/** A number that has been a 32-bit float, as its author wrote it: such a float tells 7 digits apart. */
function asWritten(value: number): number {
  return Number(value.toPrecision(7));
}
