import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DescribeModelResponseSchema,
  ListSlotsResponseSchema,
} from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** What the model's file says of it, and what it can do. */
export function describeModel({
  id,
  engine,
  prompter,
  settings,
}: LoadedModel): MessageInitShape<typeof DescribeModelResponseSchema> {
  const { path, metadata, chatTemplates, bosToken, eosToken, fim } = engine.info;
  return {
    model: id,
    path,
    metadata: { ...metadata },
    chatTemplates: { ...chatTemplates },
    bosToken,
    eosToken,
    reasons: prompter.reasons,
    fillsInMiddle: fim !== undefined,
    adapters: settings.lora_path === undefined ? [] : [{ id: 0, path: settings.lora_path, scale: 1 }],
  };
}

/** What the model's slots hold and do now. */
export function listSlots({ engine }: LoadedModel): MessageInitShape<typeof ListSlotsResponseSchema> {
  return { slots: engine.slots().map((slot) => ({ ...slot })) };
}
