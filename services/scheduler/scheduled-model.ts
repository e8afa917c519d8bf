import { Lane } from "./lane.ts";
import type { Availability, ModelUse } from "./residency.ts";
import type { LaneName, Ticket } from "./ticket.ts";
import type { WaitingLine } from "./waiting-line.ts";

export interface SchedulerModel {
  readonly id: string;
  /** Most requests that wait for this model, both lanes together. */
  readonly maxQueue: number;
  /** Unloaded after so long without a request; unset: it stays in memory once it is there. */
  readonly ttlMs?: number | undefined;
}

/** Counts of now, for metrics and tests. */
export interface SchedulerCounts {
  readonly running: number;
  readonly waiting: number;
  readonly slots: number;
  readonly slotsTaken: number;
}

/** What the scheduler knows of one model: where it is, who runs on it, who waits. Decides nothing by itself. */
export class ScheduledModel implements ModelUse {
  readonly id: string;
  readonly maxQueue: number;
  readonly ttlMs: number | undefined;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  lastUseMs: number | undefined;
  #availability: Availability = { state: "unloaded" };

  constructor({ id, maxQueue, ttlMs }: SchedulerModel, createLine: () => WaitingLine) {
    this.id = id;
    this.maxQueue = maxQueue;
    this.ttlMs = ttlMs;
    this.lanes = { generate: new Lane(createLine()), auxiliary: new Lane(createLine()) };
  }

  get availability(): Availability {
    return this.#availability;
  }

  get waiting(): number {
    return this.lanes.generate.line.size + this.lanes.auxiliary.line.size;
  }

  get busy(): boolean {
    return this.waiting + this.lanes.generate.running + this.lanes.auxiliary.running > 0;
  }

  /** It can run so many of each kind at once. */
  ready(places: Readonly<Record<LaneName, number>>, nowMs: number): void {
    this.#availability = { state: "ready" };
    this.lastUseMs = nowMs;
    this.lanes.generate.capacity = places.generate;
    this.lanes.auxiliary.capacity = places.auxiliary;
  }

  /** Nobody can be served on it; what runs is not touched. */
  unavailable(why: Exclude<Availability, { state: "ready" }>): void {
    this.#availability = why;
    this.lanes.generate.capacity = 0;
    this.lanes.auxiliary.capacity = 0;
  }

  /** All who wait, generation first, each lane in its order. */
  waitingTickets(): Ticket[] {
    return [...this.lanes.generate.line.tickets(), ...this.lanes.auxiliary.line.tickets()];
  }

  /** Of the generation lane and, for `running` and `waiting`, both lanes. */
  counts(): SchedulerCounts {
    const { generate, auxiliary } = this.lanes;
    return {
      running: generate.running + auxiliary.running,
      waiting: this.waiting,
      slots: generate.capacity,
      slotsTaken: generate.placesTaken,
    };
  }
}
