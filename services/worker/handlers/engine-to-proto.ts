import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  FinishReason,
  type FinishedSchema,
  type SchemaCheckSchema,
  type StartedSchema,
  type TokenCandidateSchema,
  type TokenLogprobSchema,
} from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Engine, EngineEvent, GenerateJob, ScoreJob, TokenCandidate, TokenLogprob } from "../../engine/engine.ts";
import type { Unenforced } from "../jobs/answer/answer-schemas.ts";
import type { LoadedModel } from "../loaded-model.ts";

type StartedEvent = Extract<EngineEvent, { type: "started" }>;
/** The end of a choice, by the engine or before it came to one. */
export type FinishedEvent = Omit<Extract<EngineEvent, { type: "finished" }>, "reason"> & {
  readonly reason: "stop" | "length" | "late" | "interrupted";
};

export interface StartedDetails {
  readonly job: GenerateJob;
  readonly promptLogprobs: MessageInitShape<typeof TokenLogprobSchema>[];
  readonly unenforced: readonly Unenforced[];
}

export function startedToProto(
  { cachedTokens, slot }: StartedEvent,
  model: LoadedModel,
  { job, promptLogprobs, unenforced }: StartedDetails,
): MessageInitShape<typeof StartedSchema> {
  return {
    model: model.id,
    promptTokens: job.prompt.length,
    cachedTokens,
    slot,
    promptLogprobs,
    unenforced: [...unenforced],
  };
}

/** The prompt's log-probabilities with `top` alternatives each; none where nobody asked for them. */
export async function scorePrompt(
  engine: Engine,
  { tokens, top, adapters }: Omit<ScoreJob, "top"> & { readonly top: number | undefined },
  signal: AbortSignal,
): Promise<MessageInitShape<typeof TokenLogprobSchema>[]> {
  if (top === undefined) return [];
  const scores = await engine.score({ tokens, top, adapters }, signal);
  const id = tokens[0] ?? 0;
  return promptLogprobsToProto({ id, bytes: engine.tokenBytes(id, { special: true }) }, scores.slice(1));
}

export interface ChoiceEnd {
  readonly job: GenerateJob;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** The model made at least one tool call. */
  readonly calledTools: boolean;
  readonly schemaCheck?: MessageInitShape<typeof SchemaCheckSchema> | undefined;
}

export function finishedToProto(event: FinishedEvent, end: ChoiceEnd): MessageInitShape<typeof FinishedSchema> {
  const { queueMs, prefillMs, decodeMs } = event.timings;
  return {
    reason: finishReason(event, end),
    ...(event.stopSequence !== undefined && { stopSequence: event.stopSequence }),
    usage: {
      promptTokens: end.job.prompt.length,
      completionTokens: event.completionTokens,
      cachedTokens: end.cachedTokens,
      reasoningTokens: end.reasoningTokens,
    },
    timings: { queueMs, prefillMs, decodeMs },
    ...(event.stopToken !== undefined && { stopToken: event.stopToken }),
    ...(end.schemaCheck && { schemaCheck: end.schemaCheck }),
  };
}

/** A call that was cut off is not to be run, so what cut it wins. */
function finishReason({ reason, completionTokens }: FinishedEvent, { calledTools, job }: ChoiceEnd): FinishReason {
  if (reason === "length") return completionTokens === job.maxTokens ? FinishReason.LENGTH : FinishReason.CONTEXT_FULL;
  if (reason === "late") return FinishReason.LENGTH;
  if (reason === "interrupted") return FinishReason.INTERRUPTED;
  return calledTools ? FinishReason.TOOL_CALLS : FinishReason.STOP;
}

export function logprobsToProto(logprobs: readonly TokenLogprob[]): MessageInitShape<typeof TokenLogprobSchema>[] {
  // protobuf-es takes bytes of any buffer, but types them as of an ArrayBuffer.
  return logprobs as readonly MessageInitShape<typeof TokenLogprobSchema>[] as MessageInitShape<
    typeof TokenLogprobSchema
  >[];
}

/** The prompt's tokens: the first has nothing before it, and so no log-probability. */
export function promptLogprobsToProto(
  first: Pick<TokenCandidate, "id" | "bytes">,
  others: readonly (TokenLogprob | undefined)[],
): MessageInitShape<typeof TokenLogprobSchema>[] {
  const scored = logprobsToProto(others.filter((logprob) => logprob !== undefined));
  return [{ token: first as MessageInitShape<typeof TokenCandidateSchema> }, ...scored].map((logprob) => ({
    ...logprob,
    prompt: true,
  }));
}
