import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { CallOptions } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import type { ChatRequestSchema, ChatResponseSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import * as inference from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import * as models from "../../proto/gen/tokenwire/v1/models_pb.ts";

type Handler<In extends DescMessage, Out> = (request: MessageShape<In>, options: CallOptions) => Out;
type Stream<Out extends DescMessage> = AsyncIterable<MessageInitShape<Out>> | Iterable<MessageInitShape<Out>>;
type Answer<Out extends DescMessage> = MessageInitShape<Out> | Promise<MessageInitShape<Out>>;

/** What the fake service does; what is left out answers UNIMPLEMENTED's like, so that an unexpected call is seen. */
export interface FakeHandlers {
  chat?: Handler<typeof ChatRequestSchema, Stream<typeof ChatResponseSchema>>;
  complete?: Handler<typeof inference.CompleteRequestSchema, Stream<typeof inference.CompleteResponseSchema>>;
  embed?: Handler<typeof inference.EmbedRequestSchema, Answer<typeof inference.EmbedResponseSchema>>;
  rerank?: Handler<typeof inference.RerankRequestSchema, Answer<typeof inference.RerankResponseSchema>>;
  tokenize?: Handler<typeof inference.TokenizeRequestSchema, Answer<typeof inference.TokenizeResponseSchema>>;
  detokenize?: Handler<typeof inference.DetokenizeRequestSchema, Answer<typeof inference.DetokenizeResponseSchema>>;
  countTokens?: Handler<typeof inference.CountTokensRequestSchema, Answer<typeof inference.CountTokensResponseSchema>>;
  applyTemplate?: Handler<
    typeof inference.ApplyTemplateRequestSchema,
    Answer<typeof inference.ApplyTemplateResponseSchema>
  >;
  describeModel?: Handler<
    typeof inference.DescribeModelRequestSchema,
    Answer<typeof inference.DescribeModelResponseSchema>
  >;
  listSlots?: Handler<typeof inference.ListSlotsRequestSchema, Answer<typeof inference.ListSlotsResponseSchema>>;
  changeSlot?: Handler<typeof inference.ChangeSlotRequestSchema, Answer<typeof inference.ChangeSlotResponseSchema>>;
  setAdapters?: Handler<typeof inference.SetAdaptersRequestSchema, Answer<typeof inference.SetAdaptersResponseSchema>>;
  listModels?: () => Answer<typeof models.ListModelsResponseSchema>;
  getModel?: Handler<typeof models.GetModelRequestSchema, Answer<typeof models.GetModelResponseSchema>>;
  watchModels?: Handler<typeof models.WatchModelsRequestSchema, Stream<typeof models.WatchModelsResponseSchema>>;
  loadModel?: Handler<typeof models.LoadModelRequestSchema, Stream<typeof models.LoadModelResponseSchema>>;
  pullModel?: Handler<typeof models.PullModelRequestSchema, Stream<typeof models.PullModelResponseSchema>>;
  unloadModel?: Handler<typeof models.UnloadModelRequestSchema, Answer<typeof models.UnloadModelResponseSchema>>;
  deleteModel?: Handler<typeof models.DeleteModelRequestSchema, Answer<typeof models.DeleteModelResponseSchema>>;
}

/**
 * A client whose service is a few functions in this process. Every message passes through its wire form, as it would
 * with gRPC, so a request that cannot be encoded fails here too. Streams end with the signal's reason, as the real
 * client's do.
 */
export function fakeClient(handlers: FakeHandlers): TokenwireClient {
  const { InferenceService } = inference;
  const { ModelService } = models;
  const m = InferenceService.method;
  return {
    inference: {
      chat: stream(m.chat, handlers.chat),
      complete: stream(m.complete, handlers.complete),
      embed: unary(m.embed, handlers.embed),
      rerank: unary(m.rerank, handlers.rerank),
      tokenize: unary(m.tokenize, handlers.tokenize),
      detokenize: unary(m.detokenize, handlers.detokenize),
      countTokens: unary(m.countTokens, handlers.countTokens),
      applyTemplate: unary(m.applyTemplate, handlers.applyTemplate),
      describeModel: unary(m.describeModel, handlers.describeModel),
      listSlots: unary(m.listSlots, handlers.listSlots),
      changeSlot: unary(m.changeSlot, handlers.changeSlot),
      setAdapters: unary(m.setAdapters, handlers.setAdapters),
    },
    models: {
      listModels: unary(ModelService.method.listModels, handlers.listModels),
      getModel: unary(ModelService.method.getModel, handlers.getModel),
      watchModels: stream(ModelService.method.watchModels, handlers.watchModels),
      loadModel: stream(ModelService.method.loadModel, handlers.loadModel),
      unloadModel: unary(ModelService.method.unloadModel, handlers.unloadModel),
      pullModel: stream(ModelService.method.pullModel, handlers.pullModel),
      deleteModel: unary(ModelService.method.deleteModel, handlers.deleteModel),
    },
    close() {},
  };
}

interface Method<In extends DescMessage, Out extends DescMessage> {
  readonly name: string;
  readonly input: In;
  readonly output: Out;
}

function unary<In extends DescMessage, Out extends DescMessage>(
  method: Method<In, Out>,
  handler: Handler<In, Answer<Out>> | undefined,
) {
  return async (init: MessageInitShape<In>, options: CallOptions = {}): Promise<MessageShape<Out>> => {
    options.signal?.throwIfAborted();
    if (handler === undefined) throw unexpected(method.name);
    return overWire(method.output, await orAborted(handler(overWire(method.input, init), options), options.signal));
  };
}

function stream<In extends DescMessage, Out extends DescMessage>(
  method: Method<In, Out>,
  handler: Handler<In, Stream<Out>> | undefined,
) {
  return async function* (init: MessageInitShape<In>, options: CallOptions = {}): AsyncGenerator<MessageShape<Out>> {
    const { signal } = options;
    const request = overWire(method.input, init);
    signal?.throwIfAborted();
    if (handler === undefined) throw unexpected(method.name);
    const events = handler(request, options);
    const iterator = Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
    try {
      for (;;) {
        const result = await orAborted(iterator.next(), signal);
        if (result.done) return;
        yield overWire(method.output, result.value);
      }
    } finally {
      void iterator.return?.();
    }
  };
}

function overWire<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): MessageShape<Desc> {
  return fromBinary(schema, toBinary(schema, create(schema, init)));
}

async function orAborted<T>(work: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function unexpected(name: string): RpcError {
  return new RpcError(ErrorReason.INTERNAL, `the fake service has no ${name}`);
}
