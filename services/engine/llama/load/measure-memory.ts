import type { MemoryUse } from "../../memory-estimate.ts";
import type { Context } from "../native/context.ts";
import { dropPages } from "../native/buffers/drop-pages.ts";
import { splitFiles } from "../../../models/split-files.ts";
import { type Device, listDevices } from "../native/devices.ts";
import type { BufferUse } from "../native/buffers/memory-breakdown.ts";
import type { OpenModel } from "./open-model.ts";

/** Vulkan on the CPU: its memory is the process's own. */
const emulators = /^(llvmpipe|SwiftShader)/;
/** A GPU's driver takes something for a process beside its buffers, but not more than this. */
const maxDriverBytes = 2e9;

/**
 * What a model has taken with its load, after giving back what it does not need. Of a GPU the difference of its free bytes counts, as far as it can be ours: other
 * programs may have taken or given back some meanwhile.
 */
export function measureMemory(
  { devices, devicesBefore, readBreakdown, returnableBytes }: OpenModel,
  { contexts, path }: { readonly contexts: readonly Context[]; readonly path: string },
): MemoryUse {
  if (returnableBytes !== undefined) dropPages(splitFiles(path));
  const uses = contexts.flatMap(({ pointer }, index) => {
    const own = readBreakdown?.(pointer) ?? [];
    // Each says the weights again.
    return index === 0 ? own : own.map((use) => ({ ...use, weights: 0 }));
  });
  const before = devicesBefore.filter(({ isGpu }) => isGpu);
  const after = listDevices(devices).filter(({ isGpu }) => isGpu);
  const gpus = before.flatMap((gpu, index) => {
    const own = uses.filter(({ device }) => device === gpu.pointer);
    const allocated = own.reduce((sum, { weights, kv, compute }) => sum + weights + kv + compute, 0);
    const bytes = plausible(gpu, after[index], allocated);
    return bytes > 0 ? [[`GPU${index}`, bytes] as const] : [];
  });
  const untouched = uses.filter(({ device }) => device === undefined).reduce((sum, { compute }) => sum + compute, 0);
  const held = Object.fromEntries(gpus);
  const emulated = before.map((gpu, index) => (isEmulator(gpu) ? (held[`GPU${index}`] ?? 0) : 0));
  const emulatedBytes = emulated.reduce((sum, bytes) => sum + bytes, 0);
  // Of an emulator's buffers too, those for computing are not in the resident set before the first request.
  const idleBytes = emulatedCompute(before, uses);
  const ramBytes = process.memoryUsage.rss() - (emulatedBytes - idleBytes) + untouched + (returnableBytes ?? 0);
  return { gpus: held, emulatedBytes, ramBytes };
}

function emulatedCompute(gpus: readonly Device[], uses: readonly BufferUse[]): number {
  const pointers = new Set(gpus.filter(isEmulator).map(({ pointer }) => pointer));
  const own = uses.filter(({ device }) => device !== undefined && pointers.has(device));
  return own.reduce((sum, { compute }) => sum + compute, 0);
}

function isEmulator({ description }: Device): boolean {
  return emulators.test(description);
}

function plausible(before: Device, after: Device | undefined, allocated: number): number {
  const difference = before.freeBytes - (after?.freeBytes ?? before.freeBytes);
  return difference >= allocated && difference <= allocated + maxDriverBytes ? difference : allocated;
}
