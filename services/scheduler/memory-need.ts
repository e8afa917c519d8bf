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

/** An estimate that is so much unlike the last one is of another configuration: other layers on GPUs, another file. */
const unlikeShare = 0.1;

/** Whether what was learned of a model that was thought to take `a` says nothing of one that is thought to take `b`. */
export function isUnlike(a: MemoryNeed, b: MemoryNeed): boolean {
  const [before, now] = [needOf(a, a.minSlots), needOf(b, b.minSlots)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].some((device) => {
    const [one = 0, other = 0] = [before[device], now[device]];
    return Math.abs(one - other) > unlikeShare * Math.max(one, other);
  });
}

/** The estimate after a load with `slots` slots was seen to take `measured`: the difference is taken to be fixed. */
export function learned(need: MemoryNeed, { slots, measured }: { slots: number; measured: DeviceBytes }): MemoryNeed {
  return { ...need, fixed: subtractBytes(measured, addBytes({}, need.perSlot, slots)) };
}
