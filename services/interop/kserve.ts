import type { GRPCInferenceService } from "../../proto/gen/inference/grpc_inference_service_pb.ts";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { modelNotFound } from "../protocol/refusals.ts";
import type { ModelSource } from "../models/model-source.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";

export interface KserveOptions {
  readonly models: ModelSource;
  /** Whether a request for the model would be answered. */
  readonly serves: (model: Model) => boolean;
  readonly version: string;
}

/** The part of KServe's Open Inference Protocol that is not about tensors: who is there, and who is ready. */
export function createKserveHandlers({
  models,
  serves,
  version,
}: KserveOptions): ServiceHandlers<typeof GRPCInferenceService> {
  const find = (name: string): Model => {
    const all = models.models();
    const model = all.find(({ id }) => id === name);
    if (model !== undefined) return model;
    throw modelNotFound(
      name,
      all.map(({ id }) => id),
    );
  };
  return {
    serverLive: async () => ({ live: true }),
    serverReady: async () => ({ ready: models.models().some(serves) }),
    modelReady: async ({ name }) => ({ ready: serves(find(name)) }),
    serverMetadata: async () => ({ name: "tokenwire", version, extensions: [] }),
    // Texts go in and out by the InferenceService; there are no tensors to describe.
    modelMetadata: async ({ name }) => ({ name: find(name).id, versions: ["1"], platform: "gguf_llama_cpp" }),
  };
}
