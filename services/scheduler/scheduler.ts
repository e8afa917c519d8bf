import type { Lane } from "./lane.ts";
import { keepWhileUsed, type ResidencyPolicy } from "./residency.ts";
import { ScheduledModel, type SchedulerCounts, type SchedulerModel } from "./scheduled-model.ts";
import type { Effect, Refusal, Ticket } from "./ticket.ts";
import { createFifoLine, type WaitingLine } from "./waiting-line.ts";

export interface SchedulerOptions {
  readonly models: readonly SchedulerModel[];
  /** Most requests that wait in all. */
  readonly maxQueue: number;
  /** Embedding, tokenizing … calls that run at once, per model. */
  readonly auxiliaryPlaces: number;
  /** Default: models stay while they are used. */
  readonly residency?: ResidencyPolicy;
  /** Default: first come, first served. */
  readonly createLine?: () => WaitingLine;
}

/** Why a model cannot serve any more. */
export type ModelDown =
  /** It comes back by itself: who waits goes on waiting. */
  | { readonly kind: "restarting" }
  /** Its load failed: who waits is refused. Before `retryAtMs` it is not tried again. */
  | { readonly kind: "failed"; readonly message: string; readonly retryAtMs: number };

/** Who is refused at shutdown may come again after about the time of a restart. */
const shuttingDown: Refusal = { kind: "shutting-down", retryAfterMs: 5000 };

/**
 * Decides when a request may run: admission, order, residency. Every method is one event: it changes the state in one
 * synchronous step and returns what the caller must now do, in order. It has no clock, no timer and no I/O, and reads
 * nothing outside itself, so a decision can never be about a state that has passed.
 *
 * A ticket is granted or refused exactly once, unless it is cancelled first; after a grant its owner reports `onFinished`
 * when the work has *stopped*, or `onLost` to be granted or refused once more. Events about tickets that are not known
 * (any more) do nothing, because a cancel and a finish may cross.
 */
export class Scheduler {
  readonly #models: ReadonlyMap<string, ScheduledModel>;
  readonly #options: SchedulerOptions;
  readonly #residency: ResidencyPolicy;
  /** The lane in which each live ticket waits or runs. */
  readonly #lanes = new Map<number, { readonly model: ScheduledModel; readonly lane: Lane }>();
  #waiting = 0;
  #shuttingDown = false;

  constructor(options: SchedulerOptions) {
    const createLine = options.createLine ?? createFifoLine;
    this.#options = options;
    this.#residency = options.residency ?? keepWhileUsed;
    this.#models = new Map(options.models.map((model) => [model.id, new ScheduledModel(model, createLine)]));
  }

  /**
   * A request arrives:
   * 1. the server is shutting down → refuse;
   * 2. its deadline has passed → refuse;
   * 3. it wants more places than the model has → refuse (unknown while the model loads: decided in `onModelReady`);
   * 4. the model failed to load and it is too early to try again → refuse;
   * 5. nobody waits before it and its places are free → grant;
   * 6. the model's or the server's queue is full → refuse;
   * 7. else it waits, and the model is loaded if it is not on its way.
   */
  onRequest(ticket: Ticket, nowMs: number): Effect[] {
    const model = this.#model(ticket.model);
    const lane = model.lanes[ticket.lane];
    if (this.#shuttingDown) return [refuse(ticket, shuttingDown)]; // 1
    if (ticket.deadlineMs !== undefined && nowMs >= ticket.deadlineMs) return [refuse(ticket, { kind: "deadline" })]; // 2
    if (model.availability.state === "ready" && ticket.places > lane.capacity) return [refuseChoices(ticket, lane)]; // 3
    const demand = this.#residency.demand(model.availability, nowMs);
    if (demand === "refuse") return [refuse(ticket, loadFailure(model))]; // 4
    if (demand === "serve" && lane.line.size === 0 && lane.fits(ticket))
      return [this.#grant(model, lane, ticket, nowMs)]; // 5
    const full = this.#fullQueue(model, lane); // 6
    if (full !== undefined) return [refuse(ticket, full)];
    this.#wait(model, lane, ticket); // 7
    return demand === "load" ? [this.#load(model)] : [];
  }

  /** The caller of a *waiting* request left. A running one goes on to hold its places until `onFinished`. */
  onCancel(id: number, nowMs: number): Effect[] {
    return this.#giveUp(id, nowMs) === undefined ? [] : this.#serveAll(nowMs);
  }

  /** The deadline of a request passed; a running one is stopped by its own signal and ends in `onFinished`. */
  onDeadline(id: number, nowMs: number): Effect[] {
    const ticket = this.#giveUp(id, nowMs);
    return ticket === undefined ? [] : [refuse(ticket, { kind: "deadline" }), ...this.#serveAll(nowMs)];
  }

  /** The work of a granted request has stopped, however it ended: its places are free. */
  onFinished(id: number, nowMs: number): Effect[] {
    const entry = this.#lanes.get(id);
    if (entry?.lane.release(id, nowMs) === undefined) return [];
    this.#lanes.delete(id);
    entry.model.lastUseMs = nowMs;
    return this.#serve(entry.model, nowMs);
  }

  /**
   * A granted request lost its worker before its caller saw any of the answer. It goes to the head of the line without
   * being counted against the bounds again, for it was admitted once; when the model cannot come back it is refused.
   */
  onLost(id: number, nowMs: number): Effect[] {
    const entry = this.#lanes.get(id);
    const ticket = entry?.lane.release(id, nowMs);
    if (entry === undefined || ticket === undefined) return [];
    const { model, lane } = entry;
    this.#lanes.delete(id);
    if (this.#shuttingDown) return [refuse(ticket, shuttingDown)];
    const demand = this.#residency.demand(model.availability, nowMs);
    if (demand === "refuse") return [refuse(ticket, loadFailure(model)), ...this.#serve(model, nowMs)];
    this.#wait(model, lane, ticket, { again: true });
    return demand === "load" ? [this.#load(model)] : this.#serve(model, nowMs);
  }

  /** The model is on its way into memory, for whatever reason. */
  onModelLoading(id: string): Effect[] {
    this.#model(id).unavailable({ state: "loading" });
    return [];
  }

  /** The model can run `slots` sequences. */
  onModelReady(id: string, { slots }: { readonly slots: number }, nowMs: number): Effect[] {
    const model = this.#model(id);
    model.ready({ generate: slots, auxiliary: this.#options.auxiliaryPlaces }, nowMs);
    const tooBig = [...model.lanes.generate.line.tickets()].filter((ticket) => ticket.places > slots);
    for (const { id } of tooBig) this.#leaveLine(id);
    return [...tooBig.map((ticket) => refuseChoices(ticket, model.lanes.generate)), ...this.#serve(model, nowMs)];
  }

  /** The model cannot serve any more. What was granted is not touched: its owners notice and report. */
  onModelDown(id: string, down: ModelDown): Effect[] {
    const model = this.#model(id);
    if (down.kind === "restarting") return this.onModelLoading(id);
    model.unavailable({ state: "failed", message: down.message, retryAtMs: down.retryAtMs });
    return this.#refuseWaiting(model, loadFailure(model));
  }

  /** Some time has passed, `nextCheckMs` or another: models that nobody has used for long enough leave memory. */
  onCheck(nowMs: number): Effect[] {
    const leaving = [...this.#models.values()].filter((model) => nowMs >= this.#unloadAtMs(model));
    for (const model of leaving) model.unavailable({ state: "unloaded" });
    return leaving.map(({ id }) => ({ type: "unload", model: id }));
  }

  /** When `onCheck` will have something to do if nothing else happens before; undefined: never. */
  nextCheckMs(): number | undefined {
    const next = Math.min(...[...this.#models.values()].map((model) => this.#unloadAtMs(model)));
    return next === Infinity ? undefined : next;
  }

  /** Nothing is granted any more and who waits is refused; what runs goes on. */
  onShutdown(): Effect[] {
    this.#shuttingDown = true;
    return [...this.#models.values()].flatMap((model) => this.#refuseWaiting(model, shuttingDown));
  }

  counts(id: string): SchedulerCounts {
    return this.#model(id).counts();
  }

  #model(id: string): ScheduledModel {
    const model = this.#models.get(id);
    if (model === undefined) throw new Error(`the scheduler does not know the model "${id}"`);
    return model;
  }

  #fullQueue(model: ScheduledModel, lane: Lane): Refusal | undefined {
    const { waiting } = model;
    const retryAfterMs = lane.retryAfterMs();
    if (waiting >= model.maxQueue) return { kind: "queue-full", scope: "model", waiting, retryAfterMs };
    if (this.#waiting < this.#options.maxQueue) return undefined;
    return { kind: "queue-full", scope: "server", waiting: this.#waiting, retryAfterMs };
  }

  #grant(model: ScheduledModel, lane: Lane, ticket: Ticket, nowMs: number): Effect {
    this.#lanes.set(ticket.id, { model, lane });
    lane.take(ticket, nowMs);
    return { type: "grant", id: ticket.id };
  }

  #wait(model: ScheduledModel, lane: Lane, ticket: Ticket, options?: { readonly again: boolean }): void {
    this.#lanes.set(ticket.id, { model, lane });
    lane.line.add(ticket, options);
    this.#waiting += 1;
  }

  #leaveLine(id: number): Ticket | undefined {
    const ticket = this.#lanes.get(id)?.lane.line.remove(id);
    if (ticket === undefined) return undefined;
    this.#lanes.delete(id);
    this.#waiting -= 1;
    return ticket;
  }

  /** Takes a ticket out of its line that nobody waits with any more. */
  #giveUp(id: number, nowMs: number): Ticket | undefined {
    const ticket = this.#leaveLine(id);
    if (ticket !== undefined) this.#model(ticket.model).lastUseMs = nowMs;
    return ticket;
  }

  #unloadAtMs(model: ScheduledModel): number {
    return (this.#shuttingDown ? undefined : this.#residency.unloadAtMs(model)) ?? Infinity;
  }

  #load(model: ScheduledModel): Effect {
    model.unavailable({ state: "loading" });
    return { type: "load", model: model.id };
  }

  /** Grants from the head of each line while the head fits. */
  #serve(model: ScheduledModel, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (this.#shuttingDown || model.availability.state !== "ready") return effects;
    for (const lane of Object.values(model.lanes)) {
      for (let next = lane.line.first(); next !== undefined && lane.fits(next); next = lane.line.first()) {
        this.#leaveLine(next.id);
        effects.push(this.#grant(model, lane, next, nowMs));
      }
    }
    return effects;
  }

  #serveAll(nowMs: number): Effect[] {
    return [...this.#models.values()].flatMap((model) => this.#serve(model, nowMs));
  }

  #refuseWaiting(model: ScheduledModel, refusal: Refusal): Effect[] {
    const waiting = model.waitingTickets();
    for (const { id } of waiting) this.#leaveLine(id);
    return waiting.map((ticket) => refuse(ticket, refusal));
  }
}

function refuse(ticket: Ticket, refusal: Refusal): Effect {
  return { type: "refuse", id: ticket.id, refusal };
}

function refuseChoices(ticket: Ticket, lane: Lane): Effect {
  return refuse(ticket, { kind: "too-many-choices", places: ticket.places, slots: lane.capacity });
}

function loadFailure(model: ScheduledModel): Refusal {
  const message = model.availability.state === "failed" ? model.availability.message : "it is not loaded";
  return { kind: "load-failed", model: model.id, message };
}
