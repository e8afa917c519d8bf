import type { MemoryEstimate } from "../engine/memory-estimate.ts";
import type { MemoryNeed } from "../scheduler/memory-need.ts";

/** An engine's estimate as the scheduler counts with it. */
export function needFromEstimate({ parts, minSlots, maxSlots }: MemoryEstimate): MemoryNeed {
  return {
    fixed: Object.fromEntries(
      parts.map(({ device, weights, compute, process }) => [device, weights + compute + process]),
    ),
    perSlot: Object.fromEntries(
      parts.map(({ device, kvPerSlot, computePerSlot }) => [device, kvPerSlot + computePerSlot]),
    ),
    minSlots,
    maxSlots,
  };
}
