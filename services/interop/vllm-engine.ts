import { create, fromBinary } from "@bufbuild/protobuf";
import { invalidParameter } from "../../clients/errors.ts";
import {
  CompleteRequestSchema,
  type CompleteResponse,
  CompleteResponseSchema,
  DescribeModelRequestSchema,
  EmbedRequestSchema,
  EmbedResponseSchema,
  type InferenceService,
  TokenizeRequestSchema,
  TokenizeResponseSchema,
} from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { VllmEngine } from "../../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";
import type { ModelSource } from "../models/model-source.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import { EncodedMessage } from "../rpc/call/pump.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";
import { RunningRequests } from "./running-requests.ts";
import { loadOf } from "./vllm-load.ts";
import { VllmAnswer } from "./vllm-answer.ts";
import { generateToComplete } from "./vllm-request.ts";

export interface VllmEngineOptions {
  /** What answers: the service in front of the workers. */
  readonly inference: ServiceHandlers<typeof InferenceService>;
  readonly models: ModelSource;
  /** Whether a request for the model would be answered. */
  readonly serves: (model: Model) => boolean;
  readonly version: string;
}

/**
 * vLLM's engine protocol (`vllm.grpc.engine`), for routers that speak it: tokens in, tokens out, by the default model, as
 * the protocol names none.
 */
export function createVllmEngineHandlers(options: VllmEngineOptions): ServiceHandlers<typeof VllmEngine> {
  const { inference, models } = options;
  const running = new RunningRequests();
  const startedAt = Date.now();
  const first = (): Model | undefined => models.models()[0];

  return {
    async *generate(request, context) {
      const completing = create(CompleteRequestSchema, generateToComplete(request));
      const answer = new VllmAnswer(request);
      using entry = running.enter(request.requestId, context.signal);
      try {
        for await (const event of inference.complete(completing, { ...context, signal: entry.signal })) {
          yield* answer.take(decoded(event));
        }
      } catch (error) {
        if (!entry.aborted) throw error;
        yield* answer.aborted();
      }
    },

    async embed(request, context) {
      if (request.tokenized === undefined) throw invalidParameter("tokenized", "tokenized is required");
      const inputs = [{ kind: { case: "tokens" as const, value: { tokens: request.tokenized.inputIds } } }];
      using entry = running.enter(request.requestId, context.signal);
      const call = { ...context, signal: entry.signal };
      const response = create(EmbedResponseSchema, await inference.embed(create(EmbedRequestSchema, { inputs }), call));
      const embedding = response.embeddings[0]?.values ?? [];
      return { embedding, promptTokens: response.promptTokens, embeddingDim: embedding.length };
    },

    async healthCheck() {
      const model = first();
      const healthy = model !== undefined && options.serves(model);
      return { healthy, message: model?.error || (healthy ? "Health" : "the model is not ready") };
    },

    async abort({ requestIds }) {
      for (const id of requestIds) running.abort(id);
      return {};
    },

    async getModelInfo(_, context) {
      const described = await inference.describeModel(create(DescribeModelRequestSchema, {}), context);
      const { details, id = "" } = first() ?? {};
      const idsOf = (token: string | undefined) => tokenIds(inference, token, context);
      const eos = await idsOf(described.eosToken);
      const [bos = -1] = await idsOf(described.bosToken);
      return {
        modelPath: described.path ?? "",
        isGeneration: details?.generates ?? false,
        maxContextLength: details?.contextLength ?? 0,
        vocabSize: details?.vocabularySize ?? 0,
        servedModelName: id,
        tokenizerPath: described.path ?? "",
        modelType: details?.architecture ?? "",
        architectures: details === undefined ? [] : [details.architecture],
        eosTokenIds: eos,
        padTokenId: -1,
        bosTokenId: bos,
        maxReqInputLen: Math.max(0, (details?.contextLength ?? 0) - 1),
        defaultSamplingParamsJson: "",
      };
    },

    async getServerInfo() {
      const { details, stats } = first() ?? {};
      return {
        activeRequests: (stats?.busySlots ?? 0) + (stats?.waiting ?? 0),
        lastReceiveTimestamp: running.lastMs / 1_000,
        uptimeSeconds: (Date.now() - startedAt) / 1_000,
        // The protocol, which routers look for.
        serverType: "vllm-grpc",
        dataParallelSize: 1,
        maxNumSeqs: details?.slots ?? 0,
        constrainedDecodingStart: "first_token",
      };
    },

    async getLoads({ dpRank }) {
      const loads = dpRank === undefined || dpRank === 0 ? [loadOf(first())] : [];
      return { timestamp: new Date().toISOString(), version: options.version, dpRankCount: 1, loads };
    },
  };
}

/** Events pass through the front in their wire form. */
function decoded(event: unknown): CompleteResponse {
  if (event instanceof EncodedMessage) return fromBinary(CompleteResponseSchema, event.bytes);
  return create(CompleteResponseSchema, event as CompleteResponse);
}

async function tokenIds(
  inference: ServiceHandlers<typeof InferenceService>,
  text: string | undefined,
  context: CallContext,
): Promise<number[]> {
  if (text === undefined || text === "") return [];
  const request = create(TokenizeRequestSchema, { text, parseSpecial: true });
  return create(TokenizeResponseSchema, await inference.tokenize(request, context)).tokens;
}
