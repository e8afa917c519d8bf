import type { CompleteResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { ShimContext, ShimHandler } from "../context.ts";
import { mergeStreams } from "../merge-streams.ts";
import { newAnswerInfo } from "../openai/answer-info.ts";
import { collectBest } from "../openai/from-proto/best-of.ts";
import { collectCompletion } from "../openai/from-proto/completion.ts";
import { completionChunks, type CompletionInfo } from "../openai/from-proto/completion-chunks.ts";
import { withOwnParam, withPromptIndex } from "../openai/own-param.ts";
import {
  completionFieldsWithoutEffect,
  type CompletionRequestBody,
  completionRequestSchema,
} from "../openai/schema/completion-request.ts";
import { bestOfToProto, type CompleteRequestInit, completionToProto } from "../openai/to-proto/completion.ts";
import { wantsUsageChunk } from "../openai/to-proto/delivery.ts";
import { answerStream } from "./answer-stream.ts";
import type { RouteDeps } from "./deps.ts";
import { noteGeneration } from "./note-generation.ts";
import { callOptions, readRequest } from "./read-request.ts";

/** Prompts of one request that run at once: enough to fill a batch, and not the service's whole queue. */
const promptConcurrency = 8;

/** POST /v1/completions: one call for each prompt, answered as one. */
export function completions(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, completionRequestSchema, completionFieldsWithoutEffect);
    await answer(ctx, deps, request);
  };
}

/**
 * POST /v1/engines/{engine}/completions: where editors' plugins look for an engine of that name. A model of the name
 * answers if there is one, else the default one, as the replaced server has it; a model in the body goes before.
 */
export function engineCompletions(deps: RouteDeps, engine: string): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, completionRequestSchema, completionFieldsWithoutEffect);
    const asked = request.model ?? engine;
    const { models } = await deps.client.models.listModels({}, callOptions(ctx, deps));
    const model = asked === engine && !models.some(({ id }) => id === engine) ? null : asked;
    await answer(ctx, deps, { ...request, model });
  };
}

async function answer(ctx: ShimContext, deps: RouteDeps, request: CompletionRequestBody): Promise<void> {
  try {
    await complete(ctx, deps, request);
  } catch (error) {
    throw withOwnParam(error, request);
  }
}

async function complete(ctx: ShimContext, deps: RouteDeps, request: CompletionRequestBody): Promise<void> {
  const calls = completionToProto(request);
  const options = callOptions(ctx, deps);
  const events = mergeStreams(
    calls.map((call, index) => (signal: AbortSignal) => {
      const completion = deps.client.inference.complete(call, { ...options, signal });
      return noteGeneration(isList(request.prompt) ? namingPrompt(completion, index) : completion, ctx.state);
    }),
    { concurrency: promptConcurrency, signal: ctx.state.signal },
  );
  const bestOf = bestOfToProto(request);
  const n = request.n ?? 1;
  const info = answerInfo({ request, calls, choicesPerPrompt: bestOf ?? n, serverVersion: deps.version });
  if (request.stream === true) {
    await answerStream(ctx, deps, completionChunks(events, info, { includeUsage: wantsUsageChunk(request) }));
  } else if (bestOf === undefined) {
    ctx.body = await collectCompletion(events, info);
  } else {
    ctx.body = await collectBest(events, info, { n, logprobs: request.logprobs != null || !!request.n_probs });
  }
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
    ...newAnswerInfo("cmpl", { requestedModel, serverVersion, choices: choicesPerPrompt * calls.length }),
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
