import type { CompleteRequestSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { mergeStreams } from "../../dialect/answer/merge-streams.ts";
import type { DialectDeps, Init } from "../../dialect/deps.ts";
import type { Answer, Exchange } from "../../dialect/dialect.ts";
import { plainEvents, type StreamFormat } from "../../dialect/stream-format.ts";
import { type ChunkOptions, completionChunks, type LlamaChunk } from "../from-proto/completion-chunks.ts";
import { chunkToResult, type RequestEcho, Results, selectFields } from "../from-proto/result.ts";
import type { GenerationFields } from "../schema/completion-request.ts";
import { predictOf } from "../to-proto/generation.ts";

/** Events without names, and nothing behind the last: the one with `stop: true` is it. */
const nativeEvents: StreamFormat = { ...plainEvents, end: "" };

/** Prompts of one request that run at once: enough to fill a batch, and not the service's whole queue. */
const promptConcurrency = 8;

export interface PromptCall {
  readonly request: Init<typeof CompleteRequestSchema>;
  /** The prompt as a text, to be told in the answer. */
  readonly prompt: string;
}

/** Runs a request's prompts and answers them in llama-server's shape: one object, or a list for several. */
export async function runCompletions(
  { client }: DialectDeps,
  { body, call, noted }: Exchange<GenerationFields>,
  calls: readonly PromptCall[],
): Promise<Answer> {
  const perPrompt = body.n_cmpl ?? 1;
  const options: Omit<ChunkOptions, "firstIndex"> = {
    predict: predictOf(body),
    withTokens: body.return_tokens === true,
    withProbabilities: (body.n_probs ?? 0) > 0,
    withTimings: body.timings_per_token === true,
  };
  const merged = mergeStreams(
    calls.map(({ request }, at) => (signal: AbortSignal) => {
      const events = noted(client.inference.complete(request, { ...call, signal }));
      return completionChunks(events, { ...options, firstIndex: at * perPrompt });
    }),
    { concurrency: promptConcurrency, signal: call.signal },
  );
  const settings = settingsOf(body);
  const echoOf = (index: number): RequestEcho => ({
    prompt: calls[Math.floor(index / perPrompt)]?.prompt ?? "",
    generation_settings: settings,
  });
  if (body.stream === true) return { stream: results(merged, body, echoOf), format: nativeEvents };
  const whole = new Results();
  for await (const { value } of merged) whole.add(value);
  const all = whole.all(echoOf).map((result) => selectFields(result, body.response_fields));
  return { json: calls.length * perPrompt === 1 ? all[0] : all };
}

async function* results(
  merged: AsyncIterable<{ readonly value: LlamaChunk }>,
  { response_fields: fields }: GenerationFields,
  echoOf: (index: number) => RequestEcho,
): AsyncGenerator<object, void, void> {
  for await (const { value } of merged) yield selectFields(chunkToResult(value, echoOf(value.index)), fields);
}

/** What the request asked for; what it does not name has the server's defaults. */
function settingsOf(body: GenerationFields): object {
  const { model: _, response_fields: __, ...asked } = body;
  const given = Object.entries(asked).filter(([, value]) => value != null);
  return { n_predict: predictOf(body), ...Object.fromEntries(given) };
}
