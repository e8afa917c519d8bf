export { createTokenwireClient, type TokenwireClient, type TokenwireClientOptions } from "./tokenwire-client.ts";
export { createClient, type CallOptions, type Client, type ClientOptions } from "./create-client.ts";
export { openChannel, type Channel, type ChannelOptions, type ChannelTls } from "./channel.ts";
export { ErrorReason, RpcError, type RpcErrorOptions } from "./errors.ts";

export { InferenceService, Pooling } from "../proto/gen/tokenwire/v1/inference_pb.ts";
export type {
  ApplyTemplateResponse,
  CompleteRequest,
  CompleteResponse,
  CountTokensResponse,
  DetokenizeResponse,
  EmbedRequest,
  EmbedResponse,
  Embedding,
  TextOrTokens,
  TokenizeResponse,
} from "../proto/gen/tokenwire/v1/inference_pb.ts";
export { audioPart, imagePart, type MediaFile } from "./media/media-parts.ts";
export { toDataUrl } from "./media/data-url.ts";
export { ImageDetail, Role, ToolChoiceMode } from "../proto/gen/tokenwire/v1/chat_pb.ts";
export type {
  Audio,
  ChatRequest,
  ChatResponse,
  ContentPart,
  Image,
  Message,
  Reasoning,
  Tool,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
} from "../proto/gen/tokenwire/v1/chat_pb.ts";
export { FinishReason } from "../proto/gen/tokenwire/v1/generation_pb.ts";
export type {
  Finished,
  GenerationOptions,
  LogitBias,
  ResponseFormat,
  Started,
  TextDelta,
  Timings,
  TokenCandidate,
  TokenLogprob,
  Usage,
} from "../proto/gen/tokenwire/v1/generation_pb.ts";
export { ModelService, ModelState } from "../proto/gen/tokenwire/v1/models_pb.ts";
export type { EngineStats, Model, ModelDetails } from "../proto/gen/tokenwire/v1/models_pb.ts";

export { createTrpcClient, type TrpcClientOptions } from "./trpc/client.ts";
export type { AppRouter } from "./trpc/router.ts";
export type { ChatInput, EmbedInput } from "./trpc/inputs.ts";
export type { ChatEvent, PlainEmbeddings, PlainLogprob, PlainModel, PlainToken } from "./trpc/from-proto.ts";
