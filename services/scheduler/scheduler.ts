import type { Lane } from "./lane.ts";
import { addBytes, type DeviceBytes } from "./device-bytes.ts";
import { learned, type MemoryNeed, needOf } from "./memory-need.ts";
import { Residency, type TurnLimits } from "./residency.ts";
import { ScheduledModel, type SchedulerCounts, type SchedulerModel } from "./scheduled-model.ts";
import type { Effect, Refusal, Ticket } from "./ticket.ts";
import { createFifoLine, type WaitingLine } from "./waiting-line.ts";

export interface SchedulerOptions {
  readonly models: readonly SchedulerModel[];
  /** Most requests that wait in all. */
  readonly maxQueue: number;
  /** Embedding, tokenizing … calls that run at once, per model. */
  readonly auxiliaryPlaces: number;
  /** How long a model in use may go on when another needs its room; default: 5 s or 32 requests. */
  readonly turn?: TurnLimits;
  /** Default: first come, first served. */
  readonly createLine?: () => WaitingLine;
}

/** Why a model cannot serve any more. */
export type ModelDown =
  /** It comes back by itself: who waits goes on waiting. */
  | { readonly kind: "restarting" }
  /**
   * Its load failed: who waits is refused. Before `retryAtMs` it is not tried again. `memory`: for want of memory, though
   * there was room for it as far as we knew.
   */
  | { readonly kind: "failed"; readonly message: string; readonly retryAtMs: number; readonly memory?: boolean };

export interface ModelMemory {
  /** What it holds, or what is set aside for it. */
  readonly held: DeviceBytes | undefined;
  readonly estimate: MemoryNeed | undefined;
}

/** A model that is in memory. */
export interface ReadyModel {
  /** How many sequences it runs. */
  readonly slots: number;
  /** What it was seen to take; undefined: nobody measured. */
  readonly measured?: DeviceBytes;
  readonly loadMs?: number;
}

const defaultTurn: TurnLimits = { ms: 5000, requests: 32 };
/** After a load that found less memory than was thought: so much more is taken to be needed. */
const memoryLesson = 0.25;

/** Who waited for a load that somebody ended may start another. */
const cancelledRetryMs = 1000;
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
  readonly #models: Map<string, ScheduledModel>;
  readonly #createLine: () => WaitingLine;
  readonly #options: SchedulerOptions;
  readonly #residency: Residency;
  /** The lane in which each live ticket waits or runs. */
  readonly #lanes = new Map<number, { readonly model: ScheduledModel; readonly lane: Lane }>();
  #waiting = 0;
  #shuttingDown = false;

  constructor(options: SchedulerOptions) {
    const createLine = options.createLine ?? createFifoLine;
    this.#createLine = createLine;
    this.#options = options;
    this.#models = new Map(options.models.map((model) => [model.id, new ScheduledModel(model, createLine)]));
    this.#residency = new Residency({
      models: this.#models,
      turn: options.turn ?? defaultTurn,
      refuseWaiting: (model, refusal) => this.#refuseWaiting(model, refusal),
    });
  }

  /**
   * A request arrives:
   * 1. the server is shutting down and the model is not in memory → refuse;
   * 2. its deadline has passed → refuse;
   * 3. it wants more places than the model has → refuse (unknown while the model loads: decided in `onModelReady`);
   * 4. the model failed to load and it is too early to try again → refuse;
   * 5. nobody waits before it and its places are free → grant;
   * 6. the model's or the server's queue is full → refuse;
   * 7. else it waits, and the model is loaded if it is not on its way: residency.ts decides when.
   */
  onRequest(ticket: Ticket, nowMs: number): Effect[] {
    const model = this.#model(ticket.model);
    const lane = model.lanes[ticket.lane];
    if (this.#isGone(model)) return [refuse(ticket, shuttingDown)]; // 1
    if (ticket.deadlineMs !== undefined && nowMs >= ticket.deadlineMs) return [refuse(ticket, { kind: "deadline" })]; // 2
    if (model.availability.state === "ready" && ticket.places > lane.capacity) return [refuseChoices(ticket, lane)]; // 3
    const failure = this.#failure(model, nowMs);
    if (failure !== undefined) return [refuse(ticket, failure)]; // 4
    if (model.availability.state === "ready" && lane.line.size === 0 && lane.fits(ticket))
      return [this.#grant(model, lane, ticket, nowMs), ...this.#settle(nowMs)]; // 5
    const full = this.#fullQueue(model, lane); // 6
    if (full !== undefined) return [refuse(ticket, full)];
    this.#wait(model, lane, ticket); // 7
    return this.#settle(nowMs);
  }

  /** The caller of a *waiting* request left. A running one goes on to hold its places until `onFinished`. */
  onCancel(id: number, nowMs: number): Effect[] {
    return this.#giveUp(id, nowMs) === undefined ? [] : [...this.#serveAll(nowMs), ...this.#settle(nowMs)];
  }

  /** The deadline of a request passed; a running one is stopped by its own signal and ends in `onFinished`. */
  onDeadline(id: number, nowMs: number): Effect[] {
    const ticket = this.#giveUp(id, nowMs);
    if (ticket === undefined) return [];
    return [refuse(ticket, { kind: "deadline" }), ...this.#serveAll(nowMs), ...this.#settle(nowMs)];
  }

  /** The work of a granted request has stopped, however it ended: its places are free. */
  onFinished(id: number, nowMs: number): Effect[] {
    const entry = this.#lanes.get(id);
    if (entry?.lane.release(id, nowMs) === undefined) return [];
    this.#lanes.delete(id);
    entry.model.cut.delete(id);
    entry.model.lastUseMs = nowMs;
    return [...this.#serve(entry.model, nowMs), ...this.#settle(nowMs)];
  }

  /**
   * A granted request lost its worker before its caller saw any of the answer. It goes to the head of the line without
   * being counted against the bounds again, for it was admitted once; when the model cannot come back, or somebody has
   * ended its answers, it is refused.
   */
  onLost(id: number, nowMs: number): Effect[] {
    const entry = this.#lanes.get(id);
    const ticket = entry?.lane.release(id, nowMs);
    if (entry === undefined || ticket === undefined) return [];
    const { model, lane } = entry;
    this.#lanes.delete(id);
    if (this.#isGone(model)) return [refuse(ticket, shuttingDown)];
    if (model.cut.delete(id)) return [refuse(ticket, loadCancelled(model)), ...this.#settle(nowMs)];
    const failure = this.#failure(model, nowMs);
    if (failure !== undefined) return [refuse(ticket, failure), ...this.#serve(model, nowMs)];
    this.#wait(model, lane, ticket, { again: true });
    return [...this.#serve(model, nowMs), ...this.#settle(nowMs)];
  }

  /** There is another model; or one that is not in memory is to be used in another way, and takes something else. */
  setModel(options: SchedulerModel): void {
    const known = this.#models.get(options.id);
    if (known === undefined) this.#models.set(options.id, new ScheduledModel(options, this.#createLine));
    else known.configure(options);
  }

  /** A model that is not in memory is no more: who waits for it is refused. */
  onRemove(id: string, nowMs: number): Effect[] {
    const model = this.#model(id);
    this.#models.delete(id);
    const refusal: Refusal = { kind: "removed", model: id };
    model.unavailable({ state: "failed", refusal, retryAtMs: Infinity });
    this.#residency.noted(id);
    this.#residency.ledger.release(id);
    return [...this.#refuseWaiting(model, refusal), ...this.#settle(nowMs)];
  }

  /** These models are to be in memory from the start on, as far as they fit. */
  onStart(ids: readonly string[], nowMs: number): Effect[] {
    this.#residency.start(ids, nowMs);
    return this.#settle(nowMs);
  }

  /** What all models together may take has changed. */
  onCapacity(capacity: DeviceBytes, nowMs: number): Effect[] {
    this.#residency.ledger.capacity = capacity;
    return this.#settle(nowMs);
  }

  /** The model's process says what it takes, and waits to be told to proceed. */
  onEstimate(id: string, need: MemoryNeed, nowMs: number): Effect[] {
    const model = this.#model(id);
    this.#residency.noted(id);
    model.estimate = need;
    model.need ??= need;
    const { availability } = model;
    if (availability.state === "preparing") model.unavailable({ state: "preparing", knows: true });
    if (availability.state !== "loading") return this.#settle(nowMs);
    // It has its room already: it was evicted for it while the process started, or the process is another's successor.
    model.unavailable({ ...availability, waits: false });
    const { slots } = model;
    return [{ type: "proceed", model: id, slots, spare: this.#residency.ledger.free }, ...this.#settle(nowMs)];
  }

  /** It will take long until it is known what the model takes: others need not wait for that. */
  onSlowEstimate(id: string, nowMs: number): Effect[] {
    this.#residency.noted(id);
    return this.#settle(nowMs);
  }

  /** What the model takes was measured once more. */
  onMeasured(id: string, measured: DeviceBytes, nowMs: number): Effect[] {
    if (this.#model(id).availability.state !== "ready") return [];
    this.#residency.ledger.hold(id, measured);
    return this.#settle(nowMs);
  }

  /** Somebody wants the model out of memory: at once with `force`, else when what runs on it has ended. */
  onUnload(id: string, { force }: { readonly force: boolean }, nowMs: number): Effect[] {
    const model = this.#model(id);
    const { state } = model.availability;
    if (state === "unloaded" || state === "unloading" || state === "failed") return [];
    model.hold = false;
    const unload = { type: "unload", model: id, reason: "asked", force } as const;
    if (state === "preparing" || state === "loading" || force) {
      model.unavailable({ state: "unloading" });
      // They are not to bring the model back.
      for (const running of model.runningIds()) model.cut.add(running);
      const refused = state === "ready" || state === "leaving" ? [] : this.#refuseWaiting(model, loadCancelled(model));
      return [...refused, unload, ...this.#settle(nowMs)];
    }
    return [...this.#residency.leave(model, "asked"), ...this.#settle(nowMs)];
  }

  /** The process of a model that was to leave has ended. */
  onModelGone(id: string, nowMs: number): Effect[] {
    const model = this.#model(id);
    this.#residency.ledger.release(id);
    if (model.availability.state !== "unloading") return [];
    model.unavailable({ state: "unloaded" });
    return this.#settle(nowMs);
  }

  /** The model can run `slots` sequences. */
  onModelReady(id: string, { slots, measured, loadMs = 0 }: ReadyModel, nowMs: number): Effect[] {
    const model = this.#model(id);
    this.#residency.noted(id);
    // It is to leave: what its process last said is no news.
    if (model.availability.state === "unloading") return [];
    if (measured !== undefined) {
      this.#residency.ledger.hold(id, measured);
      if (model.need !== undefined) model.need = learned(model.need, { slots, measured });
    }
    model.ready({ generate: slots, auxiliary: this.#options.auxiliaryPlaces }, nowMs);
    model.loadMs = loadMs;
    const tooBig = [...model.lanes.generate.line.tickets()].filter((ticket) => ticket.places > slots);
    for (const { id } of tooBig) this.#leaveLine(id);
    const refused = tooBig.map((ticket) => refuseChoices(ticket, model.lanes.generate));
    return [...refused, ...this.#serve(model, nowMs), ...this.#settle(nowMs)];
  }

  /** The model cannot serve any more. What was granted is not touched: its owners notice and report. */
  onModelDown(id: string, down: ModelDown, nowMs: number): Effect[] {
    const model = this.#model(id);
    if (down.kind === "restarting") return this.#restart(model, nowMs);
    this.#residency.noted(id);
    this.#residency.ledger.release(id);
    if (down.memory === true && !model.retried && model.need !== undefined) {
      // Another program took it, or the estimate was wrong: more is to leave, once.
      model.retried = true;
      model.need = {
        ...model.need,
        fixed: addBytes(model.need.fixed, needOf(model.need, model.need.minSlots), memoryLesson),
      };
      model.notBeforeMs = down.retryAtMs;
      model.unavailable({ state: "unloaded" });
      return this.#settle(nowMs);
    }
    model.hold = false;
    model.retried = false;
    const { availability } = model;
    const rejected = availability.state === "failed" ? availability.refusal : undefined;
    const refusal: Refusal = rejected ?? {
      kind: "load-failed",
      model: id,
      message: down.message,
      memory: down.memory === true,
    };
    model.unavailable({ state: "failed", refusal, retryAtMs: down.retryAtMs });
    return [...this.#refuseWaiting(model, refusal), ...this.#settle(nowMs)];
  }

  /** Some time has passed, `nextCheckMs` or another: models that nobody has used for long enough leave memory. */
  onCheck(nowMs: number): Effect[] {
    const leaving = [...this.#models.values()].filter((model) => nowMs >= this.#unloadAtMs(model));
    for (const model of leaving) model.unavailable({ state: "unloading" });
    const unloads = leaving.map(({ id }): Effect => ({ type: "unload", model: id, reason: "idle" }));
    return [...unloads, ...this.#settle(nowMs)];
  }

  /** When `onCheck` will have something to do if nothing else happens before; undefined: never. */
  nextCheckMs(): number | undefined {
    const times = [...this.#models.values()].map((model) => this.#unloadAtMs(model));
    const next = Math.min(...times, this.#shuttingDown ? Infinity : (this.#residency.nextMs ?? Infinity));
    return next === Infinity ? undefined : next;
  }

  /** Who holds what, and what there is. */
  memory(): { readonly capacity: DeviceBytes; readonly used: DeviceBytes } {
    const { capacity, used } = this.#residency.ledger;
    return { capacity, used };
  }

  /** What is known of a model's memory. */
  memoryOf(id: string): ModelMemory {
    const { estimate } = this.#model(id);
    return { held: this.#residency.ledger.held(id), estimate };
  }

  /**
   * No model is loaded any more, and who waits for one is refused. Who waits for a turn on a model that is in memory may
   * still have it: those who would come after are kept away by the faces, and an answer may need several turns.
   */
  onShutdown(): Effect[] {
    this.#shuttingDown = true;
    for (const model of this.#models.values()) model.hold = false;
    return this.#refuseGone();
  }

  /** It has no process, but perhaps one that ends. */
  isUnloaded(id: string): boolean {
    const { state } = this.#model(id).availability;
    return state === "unloaded" || state === "failed";
  }

  /** It is to be in memory from the start on, and is not there yet. */
  isStarting(id: string): boolean {
    return this.#model(id).hold;
  }

  /** It is being loaded because somebody asked for it, and not for the first time. */
  isComing(id: string): boolean {
    const { hold, availability } = this.#model(id);
    const { state } = availability;
    return !hold && (state === "preparing" || (state === "loading" && !availability.restart));
  }

  /** It finishes what runs, or its process ends. */
  isLeaving(id: string): boolean {
    const { state } = this.#model(id).availability;
    return state === "leaving" || state === "unloading";
  }

  /** When its last request ended, or it came into memory. */
  lastUseMs(id: string): number | undefined {
    return this.#model(id).lastUseMs;
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

  #restart(model: ScheduledModel, nowMs: number): Effect[] {
    const { state } = model.availability;
    if (state === "unloading") return [];
    // It was to leave anyway.
    if (state === "leaving") {
      model.unavailable({ state: "unloading" });
      return [{ type: "unload", model: model.id, reason: "asked" }, ...this.#settle(nowMs)];
    }
    if (state !== "preparing") model.unavailable({ state: "loading", waits: true, restart: true });
    return this.#settle(nowMs);
  }

  /** Why the model cannot be had now. */
  #failure(model: ScheduledModel, nowMs: number): Refusal | undefined {
    const { availability } = model;
    if (availability.state !== "failed") return undefined;
    if (nowMs < availability.retryAtMs) return availability.refusal;
    model.unavailable({ state: "unloaded" });
    return undefined;
  }

  /** Whether nobody will be served on it any more. */
  #isGone(model: ScheduledModel): boolean {
    return this.#shuttingDown && model.availability.state !== "ready";
  }

  #refuseGone(): Effect[] {
    const gone = [...this.#models.values()].filter((model) => this.#isGone(model));
    return gone.flatMap((model) => this.#refuseWaiting(model, shuttingDown));
  }

  /** What is to happen to models, now that something has happened. */
  #settle(nowMs: number): Effect[] {
    if (this.#shuttingDown) return this.#refuseGone();
    const effects = this.#residency.settle(nowMs);
    // One that was to leave may stay after all.
    return [...effects, ...this.#serveAll(nowMs)];
  }

  #grant(model: ScheduledModel, lane: Lane, ticket: Ticket, nowMs: number): Effect {
    this.#lanes.set(ticket.id, { model, lane });
    lane.take(ticket, nowMs);
    model.grants += 1;
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
    const model = this.#lanes.get(id)?.model;
    const ticket = this.#leaveLine(id);
    if (ticket !== undefined && model !== undefined) model.lastUseMs = nowMs;
    return ticket;
  }

  /** When the model is to leave memory if nothing happens before. */
  #unloadAtMs({ availability, busy, pinned, lastUseMs, ttlMs }: ScheduledModel): number {
    if (this.#shuttingDown || availability.state !== "ready" || busy || pinned) return Infinity;
    return (lastUseMs ?? Infinity) + (ttlMs ?? Infinity);
  }

  /** Grants from the head of each line while the head fits. */
  #serve(model: ScheduledModel, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (model.availability.state !== "ready") return effects;
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

function loadCancelled({ id }: ScheduledModel): Refusal {
  return { kind: "load-cancelled", model: id, retryAfterMs: cancelledRetryMs };
}

function refuseChoices(ticket: Ticket, lane: Lane): Effect {
  return refuse(ticket, { kind: "too-many-choices", places: ticket.places, slots: lane.capacity });
}
