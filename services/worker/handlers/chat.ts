import type { MessageInitShape } from "@bufbuild/protobuf";
import { genAiOperation } from "../../../clients/tracing/names.ts";
import type { ChatRequest, ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { TextEvent } from "../../engine/engine.ts";
import { parseChatJob, type ChatJob } from "../jobs/parse-chat-job.ts";
import type { LoadedModel } from "../loaded-model.ts";
import { AnswerCheck } from "./answer-check.ts";
import { ChoiceReader, type Delta } from "./choice-reader.ts";
import { finishName } from "../../protocol/finish-name.ts";
import { finishedToProto, scorePrompt, startedToProto } from "./engine-to-proto.ts";
import { interruptible, type GenerationSignals } from "./interruptible.ts";
import { tracedGeneration, type GenerationTrace } from "./generation-trace.ts";

type Response = MessageInitShape<typeof ChatResponseSchema>;

/** Answers a conversation. Leaving the iteration or aborting `signal` stops the engine's work, an interrupt ends it early. */
export async function* chat(
  request: ChatRequest,
  model: LoadedModel,
  signals: GenerationSignals,
): AsyncGenerator<Response, void, void> {
  const job = await parseChatJob(request, model, signals);
  const operation = genAiOperation.chat;
  yield* tracedGeneration({ operation, model: model.id, job: job.generate }, (trace) =>
    answer(job, model, trace, signals),
  );
}

async function* answer(
  { generate: job, prompt, stop, maxCalls, promptLogprobs: top, unenforced, schemas }: ChatJob,
  model: LoadedModel,
  trace: GenerationTrace,
  signals: GenerationSignals,
): AsyncGenerator<Response, void, void> {
  const readers = Array.from({ length: job.choices }, () => new ChoiceReader(prompt.createParser(), maxCalls));
  const readerOf = ({ choice }: Pick<TextEvent, "choice">) => {
    const reader = readers[choice];
    if (reader === undefined) throw new RangeError(`the engine answers choice ${choice} of ${job.choices}`);
    return reader;
  };
  const checks = readers.map(() => new AnswerCheck(schemas));
  const noted = (choice: number, delta: Delta): Response => {
    if (delta.case === "text") checks[choice]?.text(delta.value.text ?? "");
    if (delta.case === "toolCall") checks[choice]?.call(delta.value);
    return { choice, event: delta };
  };
  const promptLogprobs = await scorePrompt(
    model.engine,
    { tokens: job.prompt, top, adapters: job.adapters },
    signals.signal,
  );
  let cachedTokens = 0;
  for await (const event of interruptible(model.engine, job, signals)) {
    switch (event.type) {
      case "started":
        cachedTokens = event.cachedTokens;
        trace.started(cachedTokens);
        yield { event: { case: "started", value: startedToProto(event, model, { job, promptLogprobs, unenforced }) } };
        break;
      case "progress": {
        const { processedTokens, elapsedMs } = event;
        yield { event: { case: "progress", value: { processedTokens, elapsedMs } } };
        break;
      }
      case "text": {
        const { choice } = event;
        for (const delta of readerOf(event).read(event)) yield noted(choice, delta);
        break;
      }
      case "finished": {
        const { choice } = event;
        const reader = readerOf(event);
        for (const delta of reader.end(event.completionTokens)) yield noted(choice, delta);
        const { reasoningTokens, calledTools } = reader;
        const stopSequence = stop.find((text) => text === event.stopSequence);
        const schemaCheck = await checks[choice]?.verdict();
        const end = { job, cachedTokens, reasoningTokens, calledTools, schemaCheck };
        const value = finishedToProto({ ...event, stopSequence }, end);
        trace.finished({ ...event, reason: finishName(value.reason), reasoningTokens });
        yield { choice, event: { case: "finished", value } };
      }
    }
  }
}
