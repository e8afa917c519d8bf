import type { DeviceApi } from "./api.ts";
import type { DevicePointer } from "./buffers/pointer.ts";

export interface Device {
  readonly pointer: DevicePointer;
  readonly name: string;
  readonly description: string;
  readonly isGpu: boolean;
  /** A GPU that shares the CPU's memory. */
  readonly isIntegrated: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const deviceType = { cpu: 0, gpu: 1, integratedGpu: 2 } as const;

/** Every device that ggml's backends offer, in ggml's order. */
export function listDevices(api: DeviceApi): Device[] {
  return Array.from({ length: api.count() }, (_, index) => {
    const pointer = api.at(index);
    const type = api.typeOf(pointer);
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    api.memoryOf(pointer, free, total);
    return {
      pointer,
      name: api.nameOf(pointer),
      description: api.descriptionOf(pointer),
      isGpu: type === deviceType.gpu || type === deviceType.integratedGpu,
      isIntegrated: type === deviceType.integratedGpu,
      freeBytes: Number(free[0]),
      totalBytes: Number(total[0]),
    };
  });
}
