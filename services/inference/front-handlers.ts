import type { Message } from "@bufbuild/protobuf";
import { ChatResponseSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { CompleteResponseSchema, type InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { GenerationOptions } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { resolveModel, type ModelNames } from "../models/resolve-model.ts";
import { measuredCall, measuredStream } from "../metrics/request-metrics.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
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

interface GenerationRequest {
  readonly model: string;
  readonly options?: GenerationOptions | undefined;
}

/**
 * The InferenceService in front of the workers: finds the model, waits for the request's turn, and passes the worker's
 * messages on as they are. Everything else about a request is the worker's to check.
 */
export function createFrontHandlers(
  target: ForwardTarget,
  models: ModelNames,
): ServiceHandlers<typeof InferenceService> {
  function generate<Desc extends EventSchema>(
    { operation, schema }: Generation<Desc>,
    request: GenerationRequest & Message,
    context: CallContext,
    open: (life: WorkerLife, options: CallOptions) => AsyncIterable<Uint8Array>,
  ): AsyncIterable<RelayedEvent<Desc>> {
    const model = resolveModel(request.model, models);
    const places = numberOption(request.options, "n");
    const forwarded = { model, lane: "generate" as const, places, schema, digest: () => digestOf(model, request) };
    return measuredStream({ model, operation }, forwardStream(target, forwarded, context, open));
  }

  function ask<T>(
    operation: string,
    request: Message & { readonly model: string },
    context: CallContext,
    call: (life: WorkerLife, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const model = resolveModel(request.model, models);
    const digest = () => digestOf(model, request);
    return measuredCall({ model, operation }, () =>
      forwardUnary(target, { model, lane: "auxiliary", places: 1, digest }, context, call),
    );
  }

  return {
    chat: (request, context) => generate(chat, request, context, ({ relay }, options) => relay.chat(request, options)),
    complete: (request, context) =>
      generate(complete, request, context, ({ relay }, options) => relay.complete(request, options)),
    embed: async (request, context) =>
      ask("embed", request, context, ({ inference }, options) => inference.embed(request, options)),
    rerank: async (request, context) =>
      ask("rerank", request, context, ({ inference }, options) => inference.rerank(request, options)),
    tokenize: async (request, context) =>
      ask("tokenize", request, context, ({ inference }, options) => inference.tokenize(request, options)),
    detokenize: async (request, context) =>
      ask("detokenize", request, context, ({ inference }, options) => inference.detokenize(request, options)),
    countTokens: async (request, context) =>
      ask("count_tokens", request, context, ({ inference }, options) => inference.countTokens(request, options)),
    describeModel: async (request, context) =>
      ask("describe_model", request, context, ({ inference }, options) => inference.describeModel(request, options)),
    listSlots: async (request, context) =>
      ask("list_slots", request, context, ({ inference }, options) => inference.listSlots(request, options)),
    applyTemplate: async (request, context) =>
      ask("apply_template", request, context, ({ inference }, options) => inference.applyTemplate(request, options)),
  };
}
