import { addBytes, type DeviceBytes } from "./device-bytes.ts";
import { isUnlike, learned, type MemoryNeed, needOf } from "./memory-need.ts";
import type { Requests } from "./requests.ts";
import type { Residency } from "./residency.ts";
import type { ScheduledModel } from "./scheduled-model.ts";
import type { Effect, Refusal } from "./ticket.ts";

/** Why a model cannot serve any more. */
export type ModelDown =
  /** It comes back by itself: who waits goes on waiting. */
  | { readonly kind: "restarting" }
  /**
   * Its load failed: who waits is refused. Before `retryAtMs` it is not tried again. `memory`: for want of memory, though
   * there was room for it as far as we knew.
   */
  | { readonly kind: "failed"; readonly message: string; readonly retryAtMs: number; readonly memory?: boolean };

/** A model that is in memory. */
export interface ReadyModel {
  /** How many sequences it runs. */
  readonly slots: number;
  /** What it was seen to take; undefined: nobody measured. */
  readonly measured?: DeviceBytes;
  readonly loadMs?: number;
}

export interface UnloadOptions {
  readonly force: boolean;
  readonly again?: boolean;
}

export interface ModelEventsOptions {
  readonly requests: Requests;
  readonly residency: Residency;
  /** Embedding, tokenizing … calls that run at once, per model. */
  readonly auxiliaryPlaces: number;
  /** What is to happen to all models, now that something has happened to one. */
  readonly settle: (nowMs: number) => Effect[];
}

/** After a load that found less memory than was thought: so much more is taken to be needed. */
const memoryLesson = 0.25;
/** Who waited for a load that somebody ended may start another. */
const cancelledRetryMs = 1000;

/**
 * What a model's process says, and what somebody wants of it, as changes of the model's `availability`: the scheduler's
 * events about models, whose contract is there.
 */
export class ModelEvents {
  readonly #requests: Requests;
  readonly #residency: Residency;
  readonly #auxiliaryPlaces: number;
  readonly #settle: (nowMs: number) => Effect[];

  constructor({ requests, residency, auxiliaryPlaces, settle }: ModelEventsOptions) {
    this.#requests = requests;
    this.#residency = residency;
    this.#auxiliaryPlaces = auxiliaryPlaces;
    this.#settle = settle;
  }

  onEstimate(model: ScheduledModel, need: MemoryNeed, nowMs: number): Effect[] {
    this.#residency.noted(model.id);
    if (model.need === undefined || (model.estimate !== undefined && isUnlike(model.estimate, need))) model.need = need;
    model.estimate = need;
    const { availability } = model;
    if (availability.state === "preparing") model.unavailable({ state: "preparing", knows: true });
    if (availability.state !== "loading") return this.#settle(nowMs);
    // It has its room already: it was evicted for it while the process started, or the process is another's successor.
    model.unavailable({ ...availability, waits: false });
    const { id, slots } = model;
    return [{ type: "proceed", model: id, slots, spare: this.#residency.ledger.free }, ...this.#settle(nowMs)];
  }

  onReady(model: ScheduledModel, { slots, measured, loadMs = 0 }: ReadyModel, nowMs: number): Effect[] {
    this.#residency.noted(model.id);
    // It is to leave: what its process last said does not matter.
    if (model.availability.state === "unloading") return [];
    if (measured !== undefined) {
      this.#residency.ledger.hold(model.id, measured);
      // Where processes cannot say before what they take, it is known from now on.
      const need = model.need ?? {
        fixed: measured,
        perSlot: {},
        minSlots: Math.max(1, slots),
        maxSlots: Math.max(1, slots),
      };
      model.need = learned(need, { slots, measured });
    }
    model.ready({ generate: slots, auxiliary: this.#auxiliaryPlaces }, nowMs);
    model.loadMs = loadMs;
    const refused = this.#requests.refuseTooBig(model);
    return [...refused, ...this.#requests.serve(model, nowMs), ...this.#settle(nowMs)];
  }

  onMeasured(model: ScheduledModel, measured: DeviceBytes, nowMs: number): Effect[] {
    if (model.availability.state !== "ready") return [];
    this.#residency.ledger.hold(model.id, measured);
    return this.#settle(nowMs);
  }

  onUnload(model: ScheduledModel, { force, again = false }: UnloadOptions, nowMs: number): Effect[] {
    const { state } = model.availability;
    if (state === "unloaded" || state === "unloading" || state === "failed") return [];
    model.hold = false;
    const unload = { type: "unload", model: model.id, reason: "asked", force } as const;
    if (state === "preparing" || state === "loading" || force) {
      model.unavailable({ state: "unloading" });
      // They are not to bring the model back.
      for (const running of model.runningIds()) model.cut.add(running);
      const keeps = again || state === "ready" || state === "leaving";
      const refused = keeps ? [] : this.#requests.refuseWaiting(model, loadCancelled(model));
      return [...refused, unload, ...this.#settle(nowMs)];
    }
    return [...this.#residency.leave(model, { reason: "asked" }), ...this.#settle(nowMs)];
  }

  onGone(model: ScheduledModel, nowMs: number): Effect[] {
    this.#residency.ledger.release(model.id);
    if (model.availability.state !== "unloading") return [];
    model.unavailable({ state: "unloaded" });
    return this.#settle(nowMs);
  }

  onDown(model: ScheduledModel, down: ModelDown, nowMs: number): Effect[] {
    return down.kind === "restarting" ? this.#onRestart(model, nowMs) : this.#onFailed(model, down, nowMs);
  }

  #onRestart(model: ScheduledModel, nowMs: number): Effect[] {
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

  #onFailed(model: ScheduledModel, down: Extract<ModelDown, { kind: "failed" }>, nowMs: number): Effect[] {
    const { id } = model;
    this.#residency.noted(id);
    this.#residency.ledger.release(id);
    const { availability } = model;
    const isRejected = availability.state === "failed";
    if (down.memory === true && !isRejected && !model.retried && model.need !== undefined) {
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
    const { message, memory = false } = down;
    const refusal: Refusal = isRejected ? availability.refusal : { kind: "load-failed", model: id, message, memory };
    model.unavailable({ state: "failed", refusal, retryAtMs: down.retryAtMs });
    return [...this.#requests.refuseWaiting(model, refusal), ...this.#settle(nowMs)];
  }
}

export function loadCancelled({ id }: ScheduledModel): Refusal {
  return { kind: "load-cancelled", model: id, retryAfterMs: cancelledRetryMs };
}
