import type { DeviceFacts } from "../engine/memory-estimate.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import { type Amount, bytesOf, type MemoryLimit } from "./memory-limit.ts";
import type { RamFacts } from "./ram.ts";

export interface DeviceMemoryOptions {
  /** Unset: what is free. */
  readonly limit: MemoryLimit | undefined;
  readonly readRam: () => RamFacts;
}

/** What our own workers hold now. */
export interface OwnUse {
  /** RAM that would be free without them. */
  readonly ramBytes: number;
}

/** What our workers hold of GPUs: what they do for sure, and what they may, as some come or go. */
export interface GpuUse {
  readonly min: DeviceBytes;
  readonly max: DeviceBytes;
}

/** Where no limit is set, other programs are left a little. */
const freeShare = 0.95;

/** The devices of this machine, and how much of each models may take, all of them together. */
export class DeviceMemory {
  readonly #limit: MemoryLimit | undefined;
  readonly #readRam: () => RamFacts;
  /** As the last worker saw them, with what would be there without ours. */
  #gpus: readonly (DeviceFacts & { readonly there: number })[] = [];

  constructor({ limit, readRam }: DeviceMemoryOptions) {
    this.#limit = limit;
    this.#readRam = readRam;
  }

  /** A worker has seen these GPUs. One that was told to look for none sees none, which says nothing. */
  see(gpus: readonly DeviceFacts[], { min, max }: GpuUse): void {
    if (gpus.length === 0) return;
    const before = new Map(this.#gpus.map(({ device, there }) => [device, there]));
    this.#gpus = gpus.map((gpu) => {
      const { device, freeBytes } = gpu;
      const least = freeBytes + (min[device] ?? 0);
      // What was seen in a quieter moment stays, as far as it can be true.
      const there = Math.min(Math.max(before.get(device) ?? least, least), freeBytes + (max[device] ?? 0));
      return { ...gpu, there };
    });
  }

  /** The devices, GPUs first, with the bytes that models may take of each. */
  devices(own: OwnUse): readonly (DeviceFacts & { readonly usableBytes: number })[] {
    const ram = this.#readRam();
    const facts = { device: "RAM", description: "", totalBytes: ram.totalBytes, freeBytes: ram.availableBytes };
    const gpus = this.#gpus.map((gpu) => ({ ...gpu, usableBytes: this.#usable(gpu, gpu.there) }));
    return [...gpus, { ...facts, usableBytes: this.#usable(facts, facts.freeBytes + own.ramBytes) }];
  }

  capacity(own: OwnUse): DeviceBytes {
    return Object.fromEntries(this.devices(own).map(({ device, usableBytes }) => [device, usableBytes]));
  }

  /** `there`: bytes that would be free without our workers. */
  #usable({ device, totalBytes }: DeviceFacts, there: number): number {
    const amount = this.#amount(device);
    if (amount === undefined) return Math.floor(there * freeShare);
    return Math.min(there, bytesOf(amount, totalBytes));
  }

  #amount(device: string): Amount | undefined {
    const limit = this.#limit;
    if (limit?.kind === "devices") return limit.devices[device];
    // RAM is where models are when there is no GPU.
    return device === "RAM" && this.#gpus.length > 0 ? undefined : limit;
  }
}
