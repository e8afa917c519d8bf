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
  readonly gpus: DeviceBytes;
}

/** Where no limit is set, other programs are left a little. */
const freeShare = 0.95;

/** The devices of this machine, and how much of each models may take, all of them together. */
export class DeviceMemory {
  readonly #limit: MemoryLimit | undefined;
  readonly #readRam: () => RamFacts;
  /** As the last worker saw them, with what ours held then. */
  #gpus: readonly (DeviceFacts & { readonly own: number })[] = [];

  constructor({ limit, readRam }: DeviceMemoryOptions) {
    this.#limit = limit;
    this.#readRam = readRam;
  }

  /** A worker has seen these GPUs. One that was told to look for none sees none, which says nothing. */
  see(gpus: readonly DeviceFacts[], own: DeviceBytes): void {
    if (gpus.length > 0) this.#gpus = gpus.map((gpu) => ({ ...gpu, own: own[gpu.device] ?? 0 }));
  }

  /** The devices, GPUs first, with the bytes that models may take of each. */
  devices(own: OwnUse): readonly (DeviceFacts & { readonly usableBytes: number })[] {
    const ram = this.#readRam();
    const facts = { device: "RAM", description: "", totalBytes: ram.totalBytes, freeBytes: ram.availableBytes };
    const gpus = this.#gpus.map((gpu) => ({ ...gpu, usableBytes: this.#usable(gpu, gpu.own) }));
    return [...gpus, { ...facts, usableBytes: this.#usable(facts, own.ramBytes) }];
  }

  capacity(own: OwnUse): DeviceBytes {
    return Object.fromEntries(this.devices(own).map(({ device, usableBytes }) => [device, usableBytes]));
  }

  #usable({ device, freeBytes, totalBytes }: DeviceFacts, own: number): number {
    const amount = this.#amount(device);
    const there = freeBytes + own;
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
