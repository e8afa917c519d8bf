import type { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { GenerationOptions } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { measuredCall, measuredStream } from "../metrics/request-metrics.ts";
import type { CallContext } from "../rpc/call-context.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";
import type { CallOptions } from "../../clients/create-client.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import { numberOption } from "../worker/jobs/number-options.ts";
import { forwardStream, forwardUnary, type ForwardTarget, type GenerationMessage } from "./forward.ts";
import { resolveModel, type ResolveOptions } from "./resolve-model.ts";

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
  models: ResolveOptions,
): ServiceHandlers<typeof InferenceService> {
  function generate<T extends GenerationMessage>(
    operation: string,
    request: GenerationRequest,
    context: CallContext,
    open: (life: WorkerLife, options: CallOptions) => AsyncIterable<T>,
  ): AsyncIterable<T> {
    const model = resolveModel(request.model, models);
    const places = numberOption(request.options, "n");
    return measuredStream(
      { model, operation },
      forwardStream(target, { model, lane: "generate", places }, context, open),
    );
  }

  function ask<T>(
    operation: string,
    { model: name }: { readonly model: string },
    context: CallContext,
    call: (life: WorkerLife, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const model = resolveModel(name, models);
    return measuredCall({ model, operation }, () =>
      forwardUnary(target, { model, lane: "auxiliary", places: 1 }, context, call),
    );
  }

  return {
    async *chat(request, context) {
      yield* generate("chat", request, context, ({ inference }, options) => inference.chat(request, options));
    },
    async *complete(request, context) {
      yield* generate("complete", request, context, ({ inference }, options) => inference.complete(request, options));
    },
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
    applyTemplate: async (request, context) =>
      ask("apply_template", request, context, ({ inference }, options) => inference.applyTemplate(request, options)),
  };
}
