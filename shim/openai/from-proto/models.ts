import { type Model, type ModelDetails, ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { stateName } from "../../dialect/answer/model-state.ts";
import type { OpenAiModel, OpenAiModelList } from "../answers/models.ts";

/** The models as OpenAI lists them; the fields beyond OpenAI's are those that clients of local servers look for. */
export function modelListFromProto(models: readonly Model[]): OpenAiModelList {
  return { object: "list", data: models.map(modelFromProto) };
}

export function modelFromProto(model: Model): OpenAiModel {
  return {
    id: model.id,
    object: "model",
    created: Number(model.created),
    owned_by: "tokenwire",
    status: {
      value: stateName(model.state),
      ...(model.state === ModelState.LOADING && { progress: model.loadProgress }),
      ...(model.error !== "" && { error: model.error }),
    },
    meta: metaFromProto(model),
  };
}

function metaFromProto({ details, memory, pinned }: Model): OpenAiModel["meta"] {
  const bytes = memory.flatMap(({ device, estimatedBytes, measuredBytes }) => [
    [`estimated_bytes_${device}`, Number(estimatedBytes)] as const,
    ...(measuredBytes > 0n ? [[`measured_bytes_${device}`, Number(measuredBytes)] as const] : []),
  ]);
  if (details === undefined && bytes.length === 0) return null;
  return { ...(details && detailsFromProto(details)), ...Object.fromEntries(bytes), pinned };
}

function detailsFromProto(details: ModelDetails): NonNullable<OpenAiModel["meta"]> {
  return {
    architecture: details.architecture,
    description: details.description,
    size: Number(details.sizeBytes),
    n_params: Number(details.parameters),
    n_ctx: details.contextLength,
    n_ctx_train: details.trainedContextLength,
    n_embd: details.embeddingLength,
    n_vocab: details.vocabularySize,
    n_slots: details.slots,
    n_layer: details.layers,
    n_gpu_layers: details.offloadedLayers,
    backend: details.backend,
    devices: details.devices,
    n_threads: details.threads,
    generates: details.generates,
    vision: details.vision,
    audio: details.audio,
    chat_format: details.chatFormat,
  };
}
