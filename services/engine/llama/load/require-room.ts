import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { formatBytes } from "../../../models/format-bytes.ts";
import type { DeviceFacts, MemoryEstimate } from "../../memory-estimate.ts";

/**
 * Time may have passed since the estimate, and another program may have taken a GPU's memory: that is told before the
 * load instead of by a driver in the middle of it. Throws INSUFFICIENT_MEMORY. RAM is not asked: its page cache gives way.
 */
export function requireRoom({ parts, minSlots }: MemoryEstimate, gpus: readonly DeviceFacts[]): void {
  for (const { device, weights, kvPerSlot, compute, computePerSlot } of parts) {
    const gpu = gpus.find((one) => one.device === device);
    const need = weights + compute + minSlots * (kvPerSlot + computePerSlot);
    if (gpu === undefined || need <= gpu.freeBytes) continue;
    const has = `${device} (${gpu.description}) has ${formatBytes(gpu.freeBytes)} free`;
    throw new RpcError(
      ErrorReason.INSUFFICIENT_MEMORY,
      `it needs ${formatBytes(need)} of ${device}, and ${has}: another program holds the rest`,
    );
  }
}
