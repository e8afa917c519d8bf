import { type Device, type Model, type ModelMemory, ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { DeviceFacts, MemoryEstimate } from "../engine/memory-estimate.ts";
import type { DeviceMemory } from "../memory/device-memory.ts";
import { anonymousBytes } from "../memory/ram.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect } from "../scheduler/ticket.ts";
import { deviceToProto, measuredBytes, memoryToProto } from "./memory-to-proto.ts";
import { needFromEstimate } from "./need-from-estimate.ts";

export interface MemoryAccountsOptions {
  readonly memory: DeviceMemory;
  readonly scheduler: Scheduler;
  /** The processes of our workers. */
  readonly pids: () => readonly number[];
  readonly apply: (effects: readonly Effect[]) => void;
}

/** A change of what a model takes is counted from this share on. */
const notedGrowth = 0.01;

/** Tells the scheduler what there is and what models take, and callers what is known of both. */
export class MemoryAccounts {
  readonly #options: MemoryAccountsOptions;
  readonly #estimates = new Map<string, MemoryEstimate>();

  constructor(options: MemoryAccountsOptions) {
    this.#options = options;
  }

  /** What models may take changes with what other programs take. */
  readCapacity(): void {
    const { scheduler, memory, apply } = this.#options;
    apply(scheduler.onCapacity(memory.capacity(this.#ownUse()), performance.now()));
  }

  onEstimate(id: string, estimate: MemoryEstimate): void {
    const { scheduler, memory, apply } = this.#options;
    this.#estimates.set(id, estimate);
    memory.see(estimate.gpus, this.#gpuUse());
    this.readCapacity();
    apply(scheduler.onEstimate(id, needFromEstimate(estimate), performance.now()));
  }

  /** What a model may take of each GPU, of which a process has just seen these: all that pinned ones do not keep. */
  gpuRoom(id: string, gpus: readonly DeviceFacts[]): DeviceBytes {
    this.#options.memory.see(gpus, this.#gpuUse());
    this.readCapacity();
    return this.#options.scheduler.roomFor(id);
  }

  /** A process grows when it is used: caches, contexts that are made when they are first needed, its heap. */
  noteGrowth(model: Model): void {
    const { scheduler, apply } = this.#options;
    const measured = model.state === ModelState.RESIDENT ? measuredBytes(model) : undefined;
    const { held } = scheduler.memoryOf(model.id);
    if (held === undefined || measured === undefined) return;
    const grown = Object.entries(measured).some(([device, bytes]) => {
      return Math.abs(bytes - (held[device] ?? 0)) > notedGrowth * bytes;
    });
    if (grown) apply(scheduler.onMeasured(model.id, measured, performance.now()));
  }

  /** The model is used in another way from now on, or no more. */
  forget(id: string): void {
    this.#estimates.delete(id);
  }

  memoryOf(model: Model): ModelMemory[] {
    return memoryToProto(this.#estimates.get(model.id), model);
  }

  devices(): Device[] {
    const { scheduler, memory } = this.#options;
    const { used } = scheduler.memory();
    return memory.devices(this.#ownUse()).map((device) => deviceToProto(device, used));
  }

  #ownUse() {
    const ramBytes = this.#options.pids().reduce((sum, pid) => sum + anonymousBytes(pid), 0);
    return { ramBytes };
  }

  /** What ours hold of GPUs, for sure, and at most: a model that comes or goes has some of what is counted as its own. */
  #gpuUse() {
    const { used, settled } = this.#options.scheduler.memory();
    return { min: settled, max: used };
  }
}
