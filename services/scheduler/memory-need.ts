import { addBytes, type DeviceBytes, subtractBytes } from "./device-bytes.ts";

/** What a model takes, as a straight line over its slots: llama.cpp reserves the same for each. */
export interface MemoryNeed {
  /** Without any slot: weights, buffers, the process itself. */
  readonly fixed: DeviceBytes;
  readonly perSlot: DeviceBytes;
  /** As many as it must have, and as many as it can use: the same where a setting says how many. At least 1. */
  readonly minSlots: number;
  readonly maxSlots: number;
}

export function needOf({ fixed, perSlot }: MemoryNeed, slots: number): DeviceBytes {
  return addBytes(fixed, perSlot, slots);
}

/** The most slots, within the model's bounds, that take no more than `room`, which has place for the fewest. */
export function slotsWithin({ fixed, perSlot, minSlots, maxSlots }: MemoryNeed, room: DeviceBytes): number {
  const free = subtractBytes(room, fixed);
  const most = Object.entries(perSlot)
    .filter(([device, bytes]) => bytes > 0 && room[device] !== undefined)
    .map(([device, bytes]) => Math.floor((free[device] ?? 0) / bytes));
  return Math.max(minSlots, Math.min(maxSlots, ...most));
}

/** The estimate after a load with `slots` slots was seen to take `measured`: the difference is taken to be fixed. */
export function learned(need: MemoryNeed, { slots, measured }: { slots: number; measured: DeviceBytes }): MemoryNeed {
  return { ...need, fixed: subtractBytes(measured, addBytes({}, need.perSlot, slots)) };
}
