import type { MessageInitShape } from "@bufbuild/protobuf";
import { invalidParameter } from "../../../clients/errors.ts";
import type {
  ChangeSlotRequest,
  ChangeSlotResponseSchema,
  DescribeModelResponseSchema,
  ListSlotsResponseSchema,
  SetAdaptersRequest,
  SetAdaptersResponseSchema,
} from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { SlotAction } from "../../engine/engine.ts";
import { parseAdapters } from "../jobs/parse-adapters.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** What the model's file says of it, and what it can do. */
export function describeModel({
  id,
  engine,
  prompter,
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
    adapters: engine.adapters().map((adapter) => ({ ...adapter })),
  };
}

/** What the model's slots hold and do now. */
export function listSlots({ engine }: LoadedModel): MessageInitShape<typeof ListSlotsResponseSchema> {
  return { slots: engine.slots().map((slot) => ({ ...slot })) };
}

/** Saves, puts back or empties a slot. */
export async function changeSlot(
  { slot, action }: ChangeSlotRequest,
  { id, engine }: LoadedModel,
): Promise<MessageInitShape<typeof ChangeSlotResponseSchema>> {
  const startedAt = performance.now();
  const { tokens, bytes } = await engine.changeSlot(slot, parseAction(action));
  return { model: id, tokens, bytes: BigInt(bytes), durationMs: performance.now() - startedAt };
}

function parseAction(action: ChangeSlotRequest["action"]): SlotAction {
  if (action.case === undefined) throw invalidParameter("action", "action is required: save, restore or erase");
  return action.case === "erase" ? { kind: "erase" } : { kind: action.case, file: action.value };
}

/** How strongly adapters are applied from now on. */
export function setAdapters(
  { adapters }: SetAdaptersRequest,
  { id, engine }: LoadedModel,
): MessageInitShape<typeof SetAdaptersResponseSchema> {
  const scales = parseAdapters(adapters, engine.adapters());
  if (scales === undefined) throw invalidParameter("adapters", "adapters is required");
  engine.setAdapters(scales);
  return { model: id, adapters: engine.adapters().map((adapter) => ({ ...adapter })) };
}
