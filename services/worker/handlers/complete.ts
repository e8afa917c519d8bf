import type { MessageInitShape } from "@bufbuild/protobuf";
import { genAiOperation } from "../../../clients/tracing/names.ts";
import { FinishReason, type TextDeltaSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteRequest, CompleteResponseSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { parseCompleteJob, type CompleteJob } from "../jobs/parse-complete-job.ts";
import type { LoadedModel } from "../loaded-model.ts";
import {
  finishedToProto,
  logprobsToProto,
  promptLogprobsToProto,
  scorePrompt,
  startedToProto,
} from "./engine-to-proto.ts";
import { AnswerCheck } from "./answer-check.ts";
import { interruptible, type GenerationSignals } from "./interruptible.ts";
import { tracedGeneration, type GenerationTrace } from "./generation-trace.ts";

type Response = MessageInitShape<typeof CompleteResponseSchema>;

/** Continues a prompt. Leaving the iteration or aborting `signal` stops the engine's work, an interrupt ends it early. */
export async function* complete(
  request: CompleteRequest,
  model: LoadedModel,
  signals: GenerationSignals,
): AsyncGenerator<Response, void, void> {
  const job = await parseCompleteJob(request, model, signals);
  const operation = genAiOperation.textCompletion;
  yield* tracedGeneration({ operation, model: model.id, job: job.generate }, (trace) =>
    job.generate.maxTokens === 0 ? nothing(job, model, signals.signal) : answer(job, model, trace, signals),
  );
}

async function* answer(
  completeJob: CompleteJob,
  model: LoadedModel,
  trace: GenerationTrace,
  signals: GenerationSignals,
): AsyncGenerator<Response, void, void> {
  const { generate: job, promptLogprobs: top, unenforced, schemas } = completeJob;
  const checks = Array.from({ length: job.choices }, () => new AnswerCheck(schemas));
  const promptLogprobs = await scorePrompt(
    model.engine,
    { tokens: job.prompt, top, adapters: job.adapters },
    signals.signal,
  );
  const echoed = await echoOf(completeJob, model, signals.signal);
  let cachedTokens = 0;
  for await (const event of interruptible(model.engine, job, signals)) {
    switch (event.type) {
      case "started":
        cachedTokens = event.cachedTokens;
        trace.started(cachedTokens);
        yield { event: { case: "started", value: startedToProto(event, model, { job, promptLogprobs, unenforced }) } };
        yield* echoes(job.choices, echoed);
        break;
      case "progress": {
        const { processedTokens, elapsedMs } = event;
        yield { event: { case: "progress", value: { processedTokens, elapsedMs } } };
        break;
      }
      case "text": {
        checks[event.choice]?.text(event.text);
        const value = { text: event.text, logprobs: logprobsToProto(event.logprobs) };
        yield { choice: event.choice, event: { case: "text", value } };
        break;
      }
      case "finished": {
        if (event.endLogprob !== undefined) {
          // It has no text; but who measures a text counts one log-probability for each generated token.
          const value = { text: "", logprobs: logprobsToProto([event.endLogprob]) };
          yield { choice: event.choice, event: { case: "text", value } };
        }
        trace.finished({ ...event, reasoningTokens: 0 });
        const schemaCheck = await checks[event.choice]?.verdict();
        const value = finishedToProto(event, {
          job,
          cachedTokens,
          reasoningTokens: 0,
          calledTools: false,
          schemaCheck,
        });
        yield { choice: event.choice, event: { case: "finished", value } };
      }
    }
  }
}

/** No tokens are wanted, as by those who only want the prompt scored, or to know that it fits. */
async function* nothing(
  job: CompleteJob,
  model: LoadedModel,
  signal: AbortSignal,
): AsyncGenerator<Response, void, void> {
  const { prompt, choices } = job.generate;
  const promptTokens = prompt.length;
  const promptLogprobs = await scorePrompt(
    model.engine,
    { tokens: prompt, top: job.promptLogprobs, adapters: job.generate.adapters },
    signal,
  );
  const echoed = await echoOf(job, model, signal);
  yield { event: { case: "started", value: { model: model.id, promptTokens, promptLogprobs } } };
  yield* echoes(choices, echoed);
  for (let choice = 0; choice < choices; choice++) {
    const value = { reason: FinishReason.LENGTH, usage: { promptTokens }, timings: {} };
    yield { choice, event: { case: "finished", value } };
  }
}

type Echo = MessageInitShape<typeof TextDeltaSchema>;

/** What each choice begins with; with the log-probabilities of the prompt's tokens, when those of the answer are wanted. */
async function echoOf(
  { generate, echo, addedBos }: CompleteJob,
  { engine }: LoadedModel,
  signal: AbortSignal,
): Promise<Echo> {
  const { prompt: tokens, topLogprobs: top, adapters } = generate;
  if (echo === "" || top === undefined) return { text: echo };
  const scores = await engine.score({ tokens, top, adapters }, signal);
  const id = tokens[0] ?? 0;
  const first = { id, bytes: addedBos ? new Uint8Array() : engine.tokenBytes(id, { special: true }) };
  return { text: echo, logprobs: promptLogprobsToProto(first, scores.slice(1)) };
}

function* echoes(choices: number, value: Echo): Iterable<Response> {
  if (value.text === "") return;
  for (let choice = 0; choice < choices; choice++) yield { choice, event: { case: "text", value } };
}
