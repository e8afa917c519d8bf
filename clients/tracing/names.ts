/**
 * Every span and attribute name that Tokenwire emits, so that a change of the conventions is a change here.
 *
 * GenAI: open-telemetry/semantic-conventions-genai (Development, 2026-11). RPC: semantic-conventions 1.44 (release
 * candidate). HTTP, server, network, error, user agent: semantic-conventions 1.44 (stable).
 */
export const attr = {
  genAiOperationName: "gen_ai.operation.name",
  genAiProviderName: "gen_ai.provider.name",
  genAiRequestModel: "gen_ai.request.model",
  genAiRequestChoiceCount: "gen_ai.request.choice.count",
  genAiRequestSeed: "gen_ai.request.seed",
  genAiRequestTopK: "gen_ai.request.top_k",
  genAiRequestTopP: "gen_ai.request.top_p",
  genAiRequestMaxTokens: "gen_ai.request.max_tokens",
  genAiRequestTemperature: "gen_ai.request.temperature",
  genAiRequestFrequencyPenalty: "gen_ai.request.frequency_penalty",
  genAiRequestPresencePenalty: "gen_ai.request.presence_penalty",
  genAiResponseModel: "gen_ai.response.model",
  genAiResponseFinishReasons: "gen_ai.response.finish_reasons",
  genAiUsageInputTokens: "gen_ai.usage.input_tokens",
  genAiUsageOutputTokens: "gen_ai.usage.output_tokens",
  genAiUsageCacheReadInputTokens: "gen_ai.usage.cache_read.input_tokens",
  genAiUsageReasoningOutputTokens: "gen_ai.usage.reasoning.output_tokens",

  rpcSystemName: "rpc.system.name",
  /** `package.Service/Method`, also the name of the span. */
  rpcMethod: "rpc.method",
  /** The status by name: `DEADLINE_EXCEEDED`. */
  rpcStatusCode: "rpc.response.status_code",

  httpRequestMethod: "http.request.method",
  httpResponseStatusCode: "http.response.status_code",
  httpRoute: "http.route",
  urlScheme: "url.scheme",
  urlPath: "url.path",
  userAgentOriginal: "user_agent.original",

  serverAddress: "server.address",
  serverPort: "server.port",
  networkPeerAddress: "network.peer.address",
  networkPeerPort: "network.peer.port",
  networkTransport: "network.transport",
  errorType: "error.type",
  serviceName: "service.name",
  serviceVersion: "service.version",
  serviceInstanceId: "service.instance.id",

  // Ours: no convention names them.
  requestId: "tokenwire.request.id",
  /** idle, room, asked or abandoned. */
  unloadReason: "tokenwire.unload.reason",
  /** Bytes; the device's name follows: `tokenwire.model.memory.GPU0`. */
  modelMemory: "tokenwire.model.memory",
} as const;

/** Values that the conventions leave to us or fix. */
export const attrValue = {
  rpcSystemGrpc: "grpc",
  /** The GenAI list has no llama.cpp; a value of one's own is allowed. */
  genAiProvider: "llama_cpp",
  other: "_OTHER",
} as const;

/** Operations, which begin the name of a GenAI span: `chat tiny-guide`. */
export const genAiOperation = {
  chat: "chat",
  textCompletion: "text_completion",
  embeddings: "embeddings",
  /** The conventions have no name for it yet. */
  rerank: "rerank",
} as const;

/** Spans below a GenAI one: one each for a request, never one for a token. `load` and `unload` are of a model, and have traces of their own. */
export const spanName = {
  /** The model's id follows, as after `unload`. */
  load: "load",
  unload: "unload",
  queue: "queue",
  prefill: "prefill",
  decode: "decode",
} as const;

/** `{operation} {model}`. */
export function genAiSpanName(operation: string, model: string): string {
  return `${operation} ${model}`;
}
