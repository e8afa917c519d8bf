import type { DeviceBytes } from "./device-bytes.ts";
import type { MemoryNeed } from "./memory-need.ts";
import { loadCancelled, type ModelDown, ModelEvents, type ReadyModel, type UnloadOptions } from "./model-events.ts";
import { refuse, refuseChoices, Requests } from "./requests.ts";
import { Residency } from "./residency.ts";
import { type ModelStatus, ScheduledModel, type SchedulerCounts, type SchedulerModel } from "./scheduled-model.ts";
import type { Effect, Refusal, Ticket } from "./ticket.ts";
import type { TurnLimits } from "./turns.ts";
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

export interface ModelMemory {
  /** What it holds, or what is set aside for it. */
  readonly held: DeviceBytes | undefined;
  readonly estimate: MemoryNeed | undefined;
}

const defaultTurn: TurnLimits = { ms: 5000, requests: 32 };
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
 *
 * The decisions about requests are here, those that a model's process asks for in model-events.ts; after each event
 * residency.ts decides which models come and leave.
 */
export class Scheduler {
  readonly #models: Map<string, ScheduledModel>;
  readonly #createLine: () => WaitingLine;
  readonly #requests: Requests;
  readonly #residency: Residency;
  readonly #events: ModelEvents;
  #shuttingDown = false;

  constructor({
    createLine = createFifoLine,
    turn = defaultTurn,
    models,
    maxQueue,
    auxiliaryPlaces,
  }: SchedulerOptions) {
    this.#createLine = createLine;
    this.#models = new Map(models.map((model) => [model.id, new ScheduledModel(model, createLine)]));
    const requests = new Requests({ models: this.#models, maxQueue });
    const refuseWaiting = (model: ScheduledModel, refusal: Refusal) => requests.refuseWaiting(model, refusal);
    const residency = new Residency({ models: this.#models, turn, refuseWaiting });
    const settle = (nowMs: number) => this.#settle(nowMs);
    this.#requests = requests;
    this.#residency = residency;
    this.#events = new ModelEvents({ requests, residency, auxiliaryPlaces, settle });
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
    const isReady = model.availability.state === "ready";
    if (isReady && ticket.places > lane.capacity) return [refuseChoices(ticket, lane)]; // 3
    const failure = model.failure(nowMs);
    if (failure !== undefined) return [refuse(ticket, failure)]; // 4
    if (isReady && lane.line.size === 0 && lane.fits(ticket))
      return [this.#requests.grant({ model, lane }, ticket, nowMs), ...this.#settle(nowMs)]; // 5
    const full = this.#requests.fullQueue(model, lane); // 6
    if (full !== undefined) return [refuse(ticket, full)];
    this.#requests.wait({ model, lane }, ticket); // 7
    return this.#settle(nowMs);
  }

  /** The caller of a *waiting* request left. A running one goes on to hold its places until `onFinished`. */
  onCancel(id: number, nowMs: number): Effect[] {
    if (this.#requests.giveUp(id, nowMs) === undefined) return [];
    return [...this.#requests.serveAll(nowMs), ...this.#settle(nowMs)];
  }

  /** The deadline of a request passed; a running one is stopped by its own signal and ends in `onFinished`. */
  onDeadline(id: number, nowMs: number): Effect[] {
    const ticket = this.#requests.giveUp(id, nowMs);
    if (ticket === undefined) return [];
    return [refuse(ticket, { kind: "deadline" }), ...this.#requests.serveAll(nowMs), ...this.#settle(nowMs)];
  }

  /** The work of a granted request has stopped, however it ended: its places are free. */
  onFinished(id: number, nowMs: number): Effect[] {
    const model = this.#requests.release(id, nowMs)?.model;
    if (model === undefined) return [];
    model.cut.delete(id);
    model.lastUseMs = nowMs;
    return [...this.#requests.serve(model, nowMs), ...this.#settle(nowMs)];
  }

  /**
   * A granted request lost its worker before its caller saw any of the answer. It goes to the head of the line without
   * being counted against the bounds again, for it was admitted once; when the model cannot come back, or somebody has
   * ended its answers, it is refused.
   */
  onLost(id: number, nowMs: number): Effect[] {
    const released = this.#requests.release(id, nowMs);
    if (released === undefined) return [];
    const { model, lane, ticket } = released;
    if (this.#isGone(model)) return [refuse(ticket, shuttingDown)];
    if (model.cut.delete(id)) return [refuse(ticket, loadCancelled(model)), ...this.#settle(nowMs)];
    const failure = model.failure(nowMs);
    if (failure !== undefined) return [refuse(ticket, failure), ...this.#requests.serve(model, nowMs)];
    this.#requests.wait({ model, lane }, ticket, { again: true });
    return [...this.#requests.serve(model, nowMs), ...this.#settle(nowMs)];
  }

  /** There is another model; or one that is not in memory is to be used in another way, and takes something else. */
  setModel(options: SchedulerModel): void {
    const known = this.#models.get(options.id);
    if (known === undefined) this.#models.set(options.id, new ScheduledModel(options, this.#createLine));
    else known.configure(options);
  }

  /** A model that was not in memory is gone: requests that wait for it are refused. */
  onRemove(id: string, nowMs: number): Effect[] {
    const model = this.#model(id);
    this.#models.delete(id);
    const refusal: Refusal = { kind: "removed", model: id };
    model.unavailable({ state: "failed", refusal, retryAtMs: Infinity });
    this.#residency.noted(id);
    this.#residency.ledger.release(id);
    return [...this.#requests.refuseWaiting(model, refusal), ...this.#settle(nowMs)];
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
    return this.#events.onEstimate(this.#model(id), need, nowMs);
  }

  /** It will take long until it is known what the model takes: others need not wait for that. */
  onSlowEstimate(id: string, nowMs: number): Effect[] {
    this.#residency.noted(id);
    return this.#settle(nowMs);
  }

  /** What the model takes was measured once more. */
  onMeasured(id: string, measured: DeviceBytes, nowMs: number): Effect[] {
    return this.#events.onMeasured(this.#model(id), measured, nowMs);
  }

  /**
   * Somebody wants the model out of memory: at once with `force`, else when what runs on it has ended. Who waits for its
   * load is refused, but with `again`: it is to come back with other settings, or `onRemove` will say that it does not.
   */
  onUnload(id: string, options: UnloadOptions, nowMs: number): Effect[] {
    return this.#events.onUnload(this.#model(id), options, nowMs);
  }

  /** The process of a model that was to leave has ended. */
  onModelGone(id: string, nowMs: number): Effect[] {
    return this.#events.onGone(this.#model(id), nowMs);
  }

  /** The model can run `slots` sequences. */
  onModelReady(id: string, ready: ReadyModel, nowMs: number): Effect[] {
    return this.#events.onReady(this.#model(id), ready, nowMs);
  }

  /** The model cannot serve any more. What was granted is not touched: its owners notice and report. */
  onModelDown(id: string, down: ModelDown, nowMs: number): Effect[] {
    return this.#events.onDown(this.#model(id), down, nowMs);
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

  /**
   * No model is loaded any more, and who waits for one is refused. Who waits for a turn on a model that is in memory may
   * still have it: those who would come after are kept away by the faces, and an answer may need several turns.
   */
  onShutdown(): Effect[] {
    this.#shuttingDown = true;
    for (const model of this.#models.values()) model.hold = false;
    return this.#refuseGone();
  }

  /** Who holds what, and what there is. `settled`: of `used`, what models hold that neither come nor go. */
  memory(): { readonly capacity: DeviceBytes; readonly used: DeviceBytes; readonly settled: DeviceBytes } {
    const { holdings } = this.#residency;
    const { capacity, used } = holdings.ledger;
    return { capacity, used, settled: holdings.settled() };
  }

  /** What the model could take if all had left that may. */
  roomFor(id: string): DeviceBytes {
    return this.#residency.holdings.utmost(id);
  }

  /** What is known of a model's memory. */
  memoryOf(id: string): ModelMemory {
    const { estimate } = this.#model(id);
    return { held: this.#residency.ledger.held(id), estimate };
  }

  /** Where a model is. */
  status(id: string): ModelStatus {
    return this.#model(id);
  }

  counts(id: string): SchedulerCounts {
    return this.#model(id).counts();
  }

  #model(id: string): ScheduledModel {
    const model = this.#models.get(id);
    if (model === undefined) throw new Error(`the scheduler does not know the model "${id}"`);
    return model;
  }

  /** Whether nobody will be served on it any more. */
  #isGone(model: ScheduledModel): boolean {
    return this.#shuttingDown && model.availability.state !== "ready";
  }

  #refuseGone(): Effect[] {
    const gone = [...this.#models.values()].filter((model) => this.#isGone(model));
    return gone.flatMap((model) => this.#requests.refuseWaiting(model, shuttingDown));
  }

  /** What is to happen to models, now that something has happened. */
  #settle(nowMs: number): Effect[] {
    if (this.#shuttingDown) return this.#refuseGone();
    const effects = this.#residency.settle(nowMs);
    // One that was to leave may stay after all.
    return [...effects, ...this.#requests.serveAll(nowMs)];
  }

  /** When the model is to leave memory if nothing happens before. */
  #unloadAtMs({ availability, busy, pinned, lastUseMs, ttlMs }: ScheduledModel): number {
    if (this.#shuttingDown || availability.state !== "ready" || busy || pinned) return Infinity;
    return (lastUseMs ?? Infinity) + (ttlMs ?? Infinity);
  }
}
