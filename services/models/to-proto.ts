import { create } from "@bufbuild/protobuf";
import { Pooling } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import {
  EngineStatsSchema,
  ModelDetailsSchema,
  type ModelMemory,
  ModelMemorySchema,
  type EngineStats as EngineStatsProto,
  type ModelDetails,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { EngineInfo, EngineStats } from "../engine/engine.ts";
import type { MemoryUse } from "../engine/memory-estimate.ts";

const poolings = { mean: Pooling.MEAN, cls: Pooling.CLS, last: Pooling.LAST } as const;

/** What an engine says about its model, on the wire. `chatFormat` says where the chat format comes from. */
export function detailsToProto(info: EngineInfo, chatFormat: string): ModelDetails {
  return create(ModelDetailsSchema, {
    architecture: info.architecture,
    description: info.description,
    sizeBytes: BigInt(info.sizeBytes),
    parameters: BigInt(info.parameters),
    contextLength: info.contextLength,
    trainedContextLength: info.trainedContextLength,
    embeddingLength: info.embeddingLength,
    vocabularySize: info.vocabularySize,
    slots: info.slots,
    layers: info.layers,
    offloadedLayers: info.offloadedLayers,
    backend: info.backend,
    devices: [...info.devices],
    threads: info.threads,
    generates: info.generates,
    chatFormat,
    pooling: info.embedding.pooling === undefined ? Pooling.UNSPECIFIED : poolings[info.embedding.pooling],
    reranks: info.ranking !== undefined,
    vision: info.media?.vision ?? false,
    audio: info.media?.audio ?? false,
  });
}

/** What a model was seen to take, on the wire; its process may have grown since. */
export function memoryToProto(use: MemoryUse | undefined): ModelMemory[] {
  if (use === undefined) return [];
  const ram = Math.max(use.ramBytes, process.memoryUsage.rss() - use.emulatedBytes);
  return Object.entries({ ...use.gpus, RAM: ram }).map(([device, bytes]) =>
    create(ModelMemorySchema, { device, measuredBytes: BigInt(bytes) }),
  );
}

/** An engine's counters and gauges, on the wire. */
export function statsToProto(stats: EngineStats): EngineStatsProto {
  return create(EngineStatsSchema, {
    busySlots: stats.busySlots,
    waiting: stats.waiting,
    kvCellsUsed: BigInt(stats.kvCellsUsed),
    kvCells: BigInt(stats.kvCells),
    decodeSteps: BigInt(stats.decodeSteps),
    decodedSequences: BigInt(stats.decodedSequences),
    promptTokens: BigInt(stats.promptTokens),
    cachedTokens: BigInt(stats.cachedTokens),
    completionTokens: BigInt(stats.completionTokens),
    threads: stats.threads,
    promptCacheHits: BigInt(stats.promptCache.hits),
    promptCacheMisses: BigInt(stats.promptCache.misses),
    promptCacheBytes: BigInt(stats.promptCache.bytes),
    decodeMs: stats.decodeMs,
    betweenStepsMs: stats.betweenStepsMs,
  });
}
