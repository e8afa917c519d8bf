import { Lane } from "./lane.ts";
import type { MemoryNeed } from "./memory-need.ts";
import type { LaneName, Refusal, Ticket } from "./ticket.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** Where a model is. */
export type Availability =
  /** No process. */
  | { readonly state: "unloaded" }
  /** Its process starts, or waits for room: it holds no memory yet. `knows`: it has said what it takes, and waits. */
  | { readonly state: "preparing"; readonly knows: boolean }
  /** It has its room. `waits`: its process is to be told so. `restart`: it was ready, and comes back by itself. */
  | { readonly state: "loading"; readonly waits: boolean; readonly restart: boolean }
  | { readonly state: "ready" }
  /** It finishes what runs. */
  | { readonly state: "leaving"; readonly why: Leave }
  /** Its process ends. */
  | { readonly state: "unloading" }
  /** Before `retryAtMs` it is not tried again. */
  | { readonly state: "failed"; readonly refusal: Refusal; readonly retryAtMs: number };

/** Why a model is to finish what runs and go: another one needs its room, or somebody said so. */
export type Leave = { readonly reason: "room"; readonly by: string } | { readonly reason: "asked" };

export interface SchedulerModel {
  readonly id: string;
  /** Most requests that wait for this model, both lanes together. */
  readonly maxQueue: number;
  /** Unloaded after so long without a request; unset: it stays while nobody needs its room. */
  readonly ttlMs?: number | undefined;
  /** It never leaves, but when somebody says so. */
  readonly pinned?: boolean;
}

/** Counts of now, for metrics and tests. */
export interface SchedulerCounts {
  readonly running: number;
  readonly waiting: number;
  readonly slots: number;
  readonly slotsTaken: number;
}

/** Where a model is, for those who tell it. */
export interface ModelStatus {
  /** It has no process, but perhaps one that ends. */
  readonly isUnloaded: boolean;
  /** It is to be in memory from the start on, and is not there yet. */
  readonly isStarting: boolean;
  /** It is being loaded because somebody asked for it, and not for the first time. */
  readonly isComing: boolean;
  /** It finishes what runs, or its process ends. */
  readonly isLeaving: boolean;
  /** When its last request ended, or it came into memory. */
  readonly lastUseMs: number | undefined;
}

/** What the scheduler knows of one model: where it is, who runs on it, who waits. Decides nothing by itself. */
export class ScheduledModel implements ModelStatus {
  readonly id: string;
  maxQueue: number;
  ttlMs: number | undefined;
  pinned: boolean;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  /** When its last request ended, or it came into memory; undefined: neither has happened. */
  lastUseMs: number | undefined;
  /** What it takes, as far as is known: an estimate, then what was measured. */
  need: MemoryNeed | undefined;
  /** The estimate alone. */
  estimate: MemoryNeed | undefined;
  /** It is to be loaded without a request, if there is room: when the server starts. */
  hold = false;
  /** Since when it has been wanted, without having its room. */
  wantedSinceMs: number | undefined;
  /** Its load is not tried before. */
  notBeforeMs = 0;
  /** Its last load failed for want of memory, and is tried once more. */
  retried = false;
  /** How many it was last given room for; undefined: nobody counted. */
  slots: number | undefined;
  readySinceMs = 0;
  /** How long its last load took. */
  loadMs = 0;
  /** Requests granted since it was ready. */
  grants = 0;
  /** Of these, before another model began to wait for its room; undefined: none waits. */
  grantsBeforeContention: number | undefined;
  /** Of its running requests, those whose answers somebody has ended with it. */
  readonly cut = new Set<number>();
  #availability: Availability = { state: "unloaded" };
  #places: Readonly<Record<LaneName, number>> = { generate: 0, auxiliary: 0 };

  constructor({ id, maxQueue, ttlMs, pinned = false }: SchedulerModel, createLine: () => WaitingLine) {
    this.id = id;
    this.maxQueue = maxQueue;
    this.ttlMs = ttlMs;
    this.pinned = pinned;
    this.lanes = { generate: new Lane(createLine()), auxiliary: new Lane(createLine()) };
  }

  /** It is used in another way from now on, and nobody knows what it takes. */
  configure({ maxQueue, ttlMs, pinned = false }: SchedulerModel): void {
    this.maxQueue = maxQueue;
    this.ttlMs = ttlMs;
    this.pinned = pinned;
    this.need = undefined;
    this.estimate = undefined;
    this.notBeforeMs = 0;
    if (this.#availability.state === "failed") this.#availability = { state: "unloaded" };
  }

  get availability(): Availability {
    return this.#availability;
  }

  get waiting(): number {
    return this.lanes.generate.line.size + this.lanes.auxiliary.line.size;
  }

  get running(): number {
    return this.lanes.generate.running + this.lanes.auxiliary.running;
  }

  get busy(): boolean {
    return this.waiting + this.running > 0;
  }

  get isUnloaded(): boolean {
    const { state } = this.#availability;
    return state === "unloaded" || state === "failed";
  }

  get isStarting(): boolean {
    return this.hold;
  }

  get isComing(): boolean {
    const availability = this.#availability;
    if (this.hold) return false;
    return availability.state === "preparing" || (availability.state === "loading" && !availability.restart);
  }

  get isLeaving(): boolean {
    const { state } = this.#availability;
    return state === "leaving" || state === "unloading";
  }

  /** Why it cannot be had now; undefined: it can, or may be tried again. */
  failure(nowMs: number): Refusal | undefined {
    const availability = this.#availability;
    if (availability.state !== "failed") return undefined;
    if (nowMs < availability.retryAtMs) return availability.refusal;
    this.unavailable({ state: "unloaded" });
    return undefined;
  }

  /** It can run so many of each kind at once. */
  ready(places: Readonly<Record<LaneName, number>>, nowMs: number): void {
    this.#places = places;
    this.lastUseMs = nowMs;
    this.readySinceMs = nowMs;
    this.grants = 0;
    this.grantsBeforeContention = undefined;
    this.wantedSinceMs = undefined;
    this.hold = false;
    this.retried = false;
    this.resume();
  }

  /** It serves again, as before it was to leave. */
  resume(): void {
    this.#availability = { state: "ready" };
    this.lanes.generate.capacity = this.#places.generate;
    this.lanes.auxiliary.capacity = this.#places.auxiliary;
  }

  /** Nobody can be served on it; what runs is not touched. */
  unavailable(why: Exclude<Availability, { state: "ready" }>): void {
    this.#availability = why;
    this.lanes.generate.capacity = 0;
    this.lanes.auxiliary.capacity = 0;
  }

  runningIds(): number[] {
    return [...this.lanes.generate.runningIds(), ...this.lanes.auxiliary.runningIds()];
  }

  /** All who wait, generation first, each lane in its order. */
  waitingTickets(): Ticket[] {
    return [...this.lanes.generate.line.tickets(), ...this.lanes.auxiliary.line.tickets()];
  }

  /** Of the generation lane and, for `running` and `waiting`, both lanes. */
  counts(): SchedulerCounts {
    const { generate } = this.lanes;
    return {
      running: this.running,
      waiting: this.waiting,
      slots: generate.capacity,
      slotsTaken: generate.placesTaken,
    };
  }
}
