import type { MessageInitShape } from "@bufbuild/protobuf";
import { genAiOperation } from "../../../clients/tracing/names.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteRequest, CompleteResponseSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { parseCompleteJob, type CompleteJob } from "../jobs/parse-complete-job.ts";
import type { LoadedModel } from "../loaded-model.ts";
import { finishedToProto, logprobsToProto, startedToProto } from "./engine-to-proto.ts";
import { tracedGeneration, type GenerationTrace } from "./generation-trace.ts";

type Response = MessageInitShape<typeof CompleteResponseSchema>;

/** Continues a prompt. Leaving the iteration or aborting `signal` stops the engine's work. */
export async function* complete(
  request: CompleteRequest,
  model: LoadedModel,
  signal: AbortSignal,
): AsyncGenerator<Response, void, void> {
  const job = await parseCompleteJob(request, model);
  const operation = genAiOperation.textCompletion;
  yield* tracedGeneration({ operation, model: model.id, job: job.generate }, (trace) =>
    job.generate.maxTokens === 0 ? nothing(job, model) : answer(job, model, trace, signal),
  );
}

async function* answer(
  { generate: job, echo }: CompleteJob,
  model: LoadedModel,
  trace: GenerationTrace,
  signal: AbortSignal,
): AsyncGenerator<Response, void, void> {
  let cachedTokens = 0;
  for await (const event of model.engine.generate(job, signal)) {
    switch (event.type) {
      case "started":
        cachedTokens = event.cachedTokens;
        trace.started(cachedTokens);
        yield { event: { case: "started", value: startedToProto(event, model, job) } };
        yield* echoes(job.choices, echo);
        break;
      case "text": {
        const value = { text: event.text, logprobs: logprobsToProto(event.logprobs) };
        yield { choice: event.choice, event: { case: "text", value } };
        break;
      }
      case "finished": {
        trace.finished({ ...event, reasoningTokens: 0 });
        const value = finishedToProto(event, { job, cachedTokens, reasoningTokens: 0, calledTools: false });
        yield { choice: event.choice, event: { case: "finished", value } };
      }
    }
  }
}

/** No tokens are wanted, as those do who only want the echo or to have checked that a prompt fits. */
async function* nothing({ generate, echo }: CompleteJob, model: LoadedModel): AsyncGenerator<Response, void, void> {
  const promptTokens = generate.prompt.length;
  yield { event: { case: "started", value: { model: model.id, promptTokens } } };
  yield* echoes(generate.choices, echo);
  for (let choice = 0; choice < generate.choices; choice++) {
    const value = { reason: FinishReason.LENGTH, usage: { promptTokens }, timings: {} };
    yield { choice, event: { case: "finished", value } };
  }
}

function* echoes(choices: number, echo: string): Iterable<Response> {
  if (echo === "") return;
  for (let choice = 0; choice < choices; choice++) yield { choice, event: { case: "text", value: { text: echo } } };
}
