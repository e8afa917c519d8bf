import type { Message } from "@bufbuild/protobuf";
import { ChatResponseSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import {
  CompleteResponseSchema,
  type DescribeModelRequest,
  type DescribeModelResponse,
  type InferenceService,
} from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { GenerationOptions } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { resolveModel, type ModelNames } from "../models/resolve-model.ts";
import { measuredCall, measuredStream } from "../metrics/request-metrics.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import { findMedia, type MediaRequest } from "../media/media-resolver.ts";
import type { MediaDeps } from "../media/resolve-media.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";
import type { CallOptions } from "../../clients/create-client.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import { numberOption } from "../../clients/number-options.ts";
import { digestOf } from "./request-digest.ts";
import { forwardStream, forwardUnary, type ForwardTarget } from "./forward.ts";
import type { EventSchema, RelayedEvent } from "./relayed-event.ts";

interface Generation<Desc extends EventSchema> {
  /** In metrics. */
  readonly operation: string;
  /** Of its stream's events. */
  readonly schema: Desc;
}

const chat = { operation: "chat", schema: ChatResponseSchema };
const complete = { operation: "complete", schema: CompleteResponseSchema };

interface FrontRequest extends Message, MediaRequest {
  readonly model: string;
}

interface GenerationRequest extends FrontRequest {
  readonly options?: GenerationOptions | undefined;
}

/** What the front does itself. */
export interface FrontDeps {
  readonly media: MediaDeps;
  /** What is known of a model that is not in memory. */
  readonly describeFile: (model: string) => Promise<DescribeModelResponse>;
}

/** How a request is made of a worker, in the form that workers are given. */
type Open<R, T> = (life: WorkerLife, request: R, options: CallOptions) => T;

/**
 * The InferenceService in front of the workers: finds the model, fetches and looks over a request's pictures and sounds,
 * waits for its turn, and passes the worker's messages on as they are. Everything else about a request is the worker's to
 * check. A model that has no worker is described by `describeFile`.
 */
export function createFrontHandlers(
  target: ForwardTarget,
  models: ModelNames,
  { media, describeFile }: FrontDeps,
): ServiceHandlers<typeof InferenceService> {
  /** A request that is made ready before it waits for its turn, and its call then. */
  function readied<R extends FrontRequest, T>(model: string, request: R, open: Open<R, T>) {
    const resolve = findMedia(model, request, media);
    let ready = request;
    return {
      prepare:
        resolve &&
        (async (signal: AbortSignal) => {
          ready = await resolve(signal);
        }),
      call: (life: WorkerLife, options: CallOptions) => open(life, ready, options),
    };
  }

  function generate<Desc extends EventSchema, R extends GenerationRequest>(
    { operation, schema }: Generation<Desc>,
    request: R,
    context: CallContext,
    open: Open<R, AsyncIterable<Uint8Array>>,
  ): AsyncIterable<RelayedEvent<Desc>> {
    const model = resolveModel(request.model, models);
    const places = numberOption(request.options, "n");
    const { prepare, call } = readied(model, request, open);
    const digest = () => digestOf(model, request);
    const forwarded = { model, lane: "generate" as const, places, schema, digest, prepare };
    return measuredStream({ model, operation }, forwardStream(target, forwarded, context, call));
  }

  function ask<R extends FrontRequest, T>(
    operation: string,
    request: R,
    context: CallContext,
    open: Open<R, Promise<T>>,
  ): Promise<T> {
    const model = resolveModel(request.model, models);
    const { prepare, call } = readied(model, request, open);
    const digest = () => digestOf(model, request);
    return measuredCall({ model, operation }, () =>
      forwardUnary(target, { model, lane: "auxiliary", places: 1, digest, prepare }, context, call),
    );
  }

  /** What is not in memory is not loaded to be described. */
  async function described({ model: name }: DescribeModelRequest): Promise<DescribeModelResponse | undefined> {
    const model = resolveModel(name, models);
    return target.life(model) === undefined ? describeFile(model) : undefined;
  }

  return {
    chat: (request, context) =>
      generate(chat, request, context, ({ relay }, ready, options) => relay.chat(ready, options)),
    complete: (request, context) =>
      generate(complete, request, context, ({ relay }, ready, options) => relay.complete(ready, options)),
    embed: async (request, context) =>
      ask("embed", request, context, ({ inference }, ready, options) => inference.embed(ready, options)),
    rerank: async (request, context) =>
      ask("rerank", request, context, ({ inference }, ready, options) => inference.rerank(ready, options)),
    tokenize: async (request, context) =>
      ask("tokenize", request, context, ({ inference }, ready, options) => inference.tokenize(ready, options)),
    detokenize: async (request, context) =>
      ask("detokenize", request, context, ({ inference }, ready, options) => inference.detokenize(ready, options)),
    countTokens: async (request, context) =>
      ask("count_tokens", request, context, ({ inference }, ready, options) => inference.countTokens(ready, options)),
    describeModel: async (request, context) =>
      (await described(request)) ??
      ask("describe_model", request, context, ({ inference }, ready, options) =>
        inference.describeModel(ready, options),
      ),
    listSlots: async (request, context) =>
      ask("list_slots", request, context, ({ inference }, ready, options) => inference.listSlots(ready, options)),
    changeSlot: async (request, context) =>
      ask("change_slot", request, context, ({ inference }, ready, options) => inference.changeSlot(ready, options)),
    setAdapters: async (request, context) =>
      ask("set_adapters", request, context, ({ inference }, ready, options) => inference.setAdapters(ready, options)),
    applyTemplate: async (request, context) =>
      ask("apply_template", request, context, ({ inference }, ready, options) =>
        inference.applyTemplate(ready, options),
      ),
  };
}
