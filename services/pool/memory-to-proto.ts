import { create } from "@bufbuild/protobuf";
import {
  type Device,
  DeviceSchema,
  type Model,
  type ModelMemory,
  ModelMemorySchema,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { DeviceFacts, MemoryEstimate } from "../engine/memory-estimate.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";

/** What a resident model was measured to take, as its worker said; undefined: it did not say. */
export function measuredBytes({ memory }: Model): DeviceBytes | undefined {
  if (memory.length === 0) return undefined;
  return Object.fromEntries(memory.map(({ device, measuredBytes }) => [device, Number(measuredBytes)]));
}

/** The estimate, for the slots that the model has or, before it is loaded, the fewest, beside what was measured. */
export function memoryToProto(estimate: MemoryEstimate | undefined, { details, memory }: Model): ModelMemory[] {
  if (estimate === undefined) return memory;
  const slots = details?.slots ?? estimate.minSlots;
  return estimate.parts.map(({ device, weights, kvPerSlot, compute, computePerSlot, process }) => {
    const kv = kvPerSlot * slots;
    const computeAll = compute + computePerSlot * slots;
    return create(ModelMemorySchema, {
      device,
      estimatedBytes: BigInt(Math.round(weights + kv + computeAll + process)),
      measuredBytes: memory.find((measured) => measured.device === device)?.measuredBytes ?? 0n,
      weightsBytes: BigInt(Math.round(weights)),
      kvBytes: BigInt(Math.round(kv)),
      computeBytes: BigInt(Math.round(computeAll)),
    });
  });
}

export function deviceToProto(
  { device, description, totalBytes, freeBytes, usableBytes }: DeviceFacts & { readonly usableBytes: number },
  used: DeviceBytes,
): Device {
  return create(DeviceSchema, {
    name: device,
    description,
    totalBytes: BigInt(totalBytes),
    usableBytes: BigInt(Math.max(0, Math.floor(usableBytes))),
    freeBytes: BigInt(Math.max(0, Math.floor(freeBytes))),
    heldBytes: BigInt(Math.max(0, Math.round(used[device] ?? 0))),
  });
}
