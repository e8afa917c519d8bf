import type { CompleteResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Answer, type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { plainEvents } from "../../dialect/stream-format.ts";
import { newAnswerInfo } from "../answer-info.ts";
import { completionSchema } from "../answers/completion.ts";
import { collectBest } from "../from-proto/completion/best-of.ts";
import { collectCompletion } from "../from-proto/completion/completion.ts";
import { completionChunks, type CompletionInfo } from "../from-proto/completion/completion-chunks.ts";
import { mergeStreams } from "../../dialect/answer/merge-streams.ts";
import { withOwnParam, withPromptIndex } from "../own-param.ts";
import {
  completionFieldsWithoutEffect,
  type CompletionRequestBody,
  completionRequestSchema,
} from "../schema/completion-request.ts";
import { bestOfToProto, type CompleteRequestInit, completionToProto } from "../to-proto/completion.ts";
import { tellsStopReason } from "../to-proto/habits.ts";
import { wantsUsageChunk } from "../to-proto/delivery.ts";

/** Prompts of one request that run at once: enough to fill a batch, and not the service's whole queue. */
const promptConcurrency = 8;

const shared = {
  method: "post",
  body: completionRequestSchema,
  withoutEffect: completionFieldsWithoutEffect,
  tag: "Completions",
  example: { prompt: "Once upon a time", max_tokens: 16, temperature: 0 },
  result: completionSchema,
  chunk: completionSchema,
  streams: true,
  explain: withOwnParam,
} as const;

/** POST /v1/completions: one call for each prompt, answered as one. */
export function completions(deps: DialectDeps): Endpoint {
  return endpoint({
    ...shared,
    path: "/v1/completions",
    operationId: "createCompletion",
    summary: "Continue texts",
    answer: (exchange) => complete(deps, exchange, exchange.body),
  });
}

/**
 * POST /v1/engines/{engine}/completions: where editors' plugins look for an engine of that name. A model of the name
 * answers if there is one, else the default one, as the replaced server has it; a model in the body goes before.
 */
export function engineCompletions(deps: DialectDeps, engine: string): Endpoint {
  return endpoint({
    ...shared,
    path: `/v1/engines/${engine}/completions`,
    operationId: "createEngineCompletion",
    summary: "Continue texts, for editors that name an engine",
    async answer(exchange) {
      const asked = exchange.body.model ?? engine;
      const { models } = await deps.client.models.listModels({}, exchange.call);
      const model = asked === engine && !models.some(({ id }) => id === engine) ? null : asked;
      return complete(deps, exchange, { ...exchange.body, model });
    },
  });
}

async function complete(
  { client, version }: DialectDeps,
  { call: options, noted }: Pick<Exchange, "call" | "noted">,
  request: CompletionRequestBody,
): Promise<Answer> {
  const calls = completionToProto(request);
  const events = mergeStreams(
    calls.map((call, index) => (signal: AbortSignal) => {
      const completion = client.inference.complete(call, { ...options, signal });
      return noted(isList(request.prompt) ? namingPrompt(completion, index) : completion);
    }),
    { concurrency: promptConcurrency, signal: options.signal },
  );
  const bestOf = bestOfToProto(request);
  const n = request.n ?? 1;
  const info = answerInfo({ request, calls, choicesPerPrompt: bestOf ?? n, serverVersion: version });
  if (request.stream === true) {
    return {
      stream: completionChunks(events, info, { includeUsage: wantsUsageChunk(request) }),
      format: plainEvents,
    };
  }
  if (bestOf === undefined) return { json: await collectCompletion(events, info) };
  return { json: await collectBest(events, info, { n, logprobs: request.logprobs != null || !!request.n_probs }) };
}

/** Whether a request has prompts with a place of their own: a list of tokens is one prompt. */
function isList(prompt: CompletionRequestBody["prompt"]): boolean {
  return Array.isArray(prompt) && typeof prompt[0] !== "number";
}

/** Hands on a completion; what it refuses of its prompt is said with the prompt's place in the request. */
async function* namingPrompt(completion: AsyncIterable<CompleteResponse>, index: number) {
  try {
    yield* completion;
  } catch (error) {
    throw withPromptIndex(error, index);
  }
}

interface AnswerDetails {
  readonly request: CompletionRequestBody;
  readonly calls: readonly CompleteRequestInit[];
  readonly choicesPerPrompt: number;
  readonly serverVersion: string;
}

function answerInfo({ request, calls, choicesPerPrompt, serverVersion }: AnswerDetails): CompletionInfo {
  const requestedModel = request.model ?? "";
  return {
    ...newAnswerInfo("cmpl", {
      requestedModel,
      serverVersion,
      choices: choicesPerPrompt * calls.length,
      tellsStopReason: tellsStopReason(request),
    }),
    choicesPerPrompt,
    textOffsets: calls.map(({ prompt, echo }) => {
      // How many characters a prompt of tokens has is not known here.
      return echo || prompt?.kind?.case !== "text" ? 0 : countCharacters(prompt.kind.value);
    }),
  };
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
