import { addBytes, type DeviceBytes, subtractBytes } from "./device-bytes.ts";
import { findRoom, type Memory, type Occupant, type Room } from "./find-room.ts";
import { Holdings } from "./holdings.ts";
import type { Ledger } from "./ledger.ts";
import { needOf } from "./memory-need.ts";
import type { Leave, ScheduledModel } from "./scheduled-model.ts";
import type { Effect, Refusal, UnloadReason } from "./ticket.ts";
import { turnEndMs, type TurnLimits } from "./turns.ts";

export interface ResidencyOptions {
  readonly models: ReadonlyMap<string, ScheduledModel>;
  readonly turn: TurnLimits;
  /** Takes all who wait for a model out of its lines. */
  readonly refuseWaiting: (model: ScheduledModel, refusal: Refusal) => Effect[];
}

/** More loads at a time would only share the disk; a single one that is slow would hold up all others. */
const maxLoads = 2;
/** Processes that wait for room are there at once when it comes, but each takes memory of its own. */
const maxWaitingProcesses = 4;

/**
 * Decides which models are in memory, by bytes. `settle` looks at the whole state after an event and returns what has to
 * be done; it is the only place where models are loaded for a request, or leave for one:
 * 1. a model that leaves and on which nothing runs any more → unload;
 * 2. a load that nobody waits for → give it up;
 * 3. more is held than there is → idle ones leave;
 * 4. for each model that is wanted, in the order in which they came:
 *    a. what it takes is not known → start its process, which says so;
 *    b. there is room → take it, and load;
 *    c. others must leave first → it waits for their turns to end, then they leave; a model that only the start wants
 *       waits for nobody: its first request will load it;
 *    d. there can never be room → refuse;
 *    e. after all of them: too many processes wait for one more that is to say what its model takes → the last of those
 *       that have said so gives its place up;
 * 5. a model that leaves for another, though none is wanted any more → stays.
 */
export class Residency {
  readonly holdings: Holdings;
  readonly #models: ReadonlyMap<string, ScheduledModel>;
  readonly #turn: TurnLimits;
  readonly #refuseWaiting: ResidencyOptions["refuseWaiting"];
  /** Of those that are loaded at the start: what they take is not known yet, so that nobody can say who fits beside whom. */
  readonly #unknown = new Set<string>();
  #nextMs: number | undefined;

  constructor({ models, turn, refuseWaiting }: ResidencyOptions) {
    this.#models = models;
    this.holdings = new Holdings(models);
    this.#turn = turn;
    this.#refuseWaiting = refuseWaiting;
  }

  get ledger(): Ledger {
    return this.holdings.ledger;
  }

  /** When `settle` will have something to do if nothing happens before; undefined: never. */
  get nextMs(): number | undefined {
    return this.#nextMs;
  }

  /** These are to be loaded now, as far as they fit beside one another: pinned ones first, then in this order. */
  start(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const model = this.#models.get(id);
      if (model === undefined) continue;
      model.hold = true;
      model.wantedSinceMs = nowMs;
      if (model.need === undefined) this.#unknown.add(id);
    }
  }

  /** What the model takes is known, or will not be for long. */
  noted(id: string): void {
    this.#unknown.delete(id);
  }

  settle(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    this.#nextMs = undefined;
    for (const model of this.#models.values()) {
      const { state } = model.availability;
      if (state === "leaving" && model.running === 0)
        effects.push(unload(model, whyOf(model))); // 1
      else if (this.#isAbandoned(model)) effects.push(unload(model, { reason: "abandoned" })); // 2
      this.#noteWish(model, nowMs);
    }
    this.#shrink(effects); // 3
    this.#makeRoom(nowMs, effects); // 4
    if (!this.#wanted().some(isAskedFor)) this.#stay(); // 5
    return effects;
  }

  /** The model is let go as soon as nothing runs on it. */
  leave(model: ScheduledModel, why: Leave): Effect[] {
    if (model.running === 0) return [unload(model, why)];
    model.unavailable({ state: "leaving", why });
    return [];
  }

  /** A load of a request, or of the start, that is under way and for nobody. */
  #isAbandoned({ availability, hold, waiting, running }: ScheduledModel): boolean {
    if (hold || waiting + running > 0) return false;
    return availability.state === "preparing" || (availability.state === "loading" && !availability.restart);
  }

  #noteWish(model: ScheduledModel, nowMs: number): void {
    const { state } = model.availability;
    if (state === "ready" || state === "loading") return;
    model.wantedSinceMs = isAskedFor(model) || model.hold ? (model.wantedSinceMs ?? nowMs) : undefined;
  }

  /** Those that have no room yet, in the order in which they get it. */
  #wanted(): ScheduledModel[] {
    return [...this.#models.values()]
      .filter(({ availability: { state }, waiting, hold }) => {
        return (state === "unloaded" || state === "preparing") && (waiting > 0 || hold);
      })
      .sort((a, b) => since(a) - since(b) || Number(b.pinned) - Number(a.pinned));
  }

  #makeRoom(nowMs: number, effects: Effect[]): void {
    const wanted = this.#wanted();
    const claimed = new Set<string>();
    let coming = this.holdings.coming();
    const utmost = this.holdings.utmost();
    for (const model of wanted) {
      if (nowMs < model.notBeforeMs) {
        this.#checkAt(model.notBeforeMs);
        continue;
      }
      if (model.need === undefined) {
        this.#prepare(model, wanted, effects); // a
        continue;
      }
      if (!isAskedFor(model) && this.#unknown.size > 0) {
        this.#prepare(model, wanted, effects);
        continue;
      }
      const occupants = this.holdings.occupants().filter(({ id }) => !claimed.has(id));
      const room = this.#findRoom(model, { free: this.ledger.free, coming, utmost, occupants });
      const need = needOf(model.need, model.need.minSlots);
      if (room.kind === "never") {
        effects.push(...this.#refuse(model, room.short)); // d
        continue;
      }
      if (room.kind === "free" && this.#loads() < maxLoads) {
        const slots = this.#admit(model, coming, effects); // b
        coming = subtractBytes(coming, this.ledger.bounded(needOf(model.need, slots)));
        continue;
      }
      if (room.kind !== "free" && !isAskedFor(model)) {
        this.#drop(model, effects); // c, at the start
        continue;
      }
      this.#prepare(model, wanted, effects);
      coming = subtractBytes(coming, this.ledger.bounded(need));
      if (room.kind !== "after") continue;
      for (const { id, bytes } of room.leaving) {
        claimed.add(id);
        coming = addBytes(coming, this.ledger.bounded(bytes));
      }
      this.#takeTurns(model, room.leaving, { nowMs, effects }); // c
    }
    this.#yieldPlace(wanted, nowMs, effects); // e
    for (const model of this.#models.values()) if (!claimed.has(model.id)) model.grantsBeforeContention = undefined;
  }

  /** What was learned since the estimate does not keep a model out for ever that fits by its estimate. */
  #findRoom(model: ScheduledModel, memory: Memory): Room {
    const room = findRoom(model.need === undefined ? {} : needOf(model.need, model.need.minSlots), memory);
    if (room.kind !== "never" || model.estimate === undefined || model.estimate === model.need) return room;
    const estimated = findRoom(needOf(model.estimate, model.estimate.minSlots), memory);
    if (estimated.kind === "never") return room;
    model.need = model.estimate;
    return estimated;
  }

  /** Makes `leaving` go when the turn of each has ended. */
  #takeTurns(
    model: ScheduledModel,
    leaving: readonly Occupant[],
    { nowMs, effects }: { nowMs: number; effects: Effect[] },
  ): void {
    const models = leaving.flatMap(({ id }) => this.#models.get(id) ?? []);
    const dueMs = Math.max(...models.map((other) => turnEndMs(other, this.#turn, { sinceMs: since(model), nowMs })), 0);
    if (dueMs > nowMs) return this.#checkAt(dueMs);
    for (const other of models) effects.push(...this.leave(other, { reason: "room", by: model.id }));
  }

  #admit(model: ScheduledModel, coming: DeviceBytes, effects: Effect[]): number {
    const slots = this.holdings.slotsFor(model, coming);
    if (model.need !== undefined) this.ledger.hold(model.id, needOf(model.need, slots));
    const { availability } = model;
    const knows = availability.state === "preparing" && availability.knows;
    if (availability.state === "unloaded") effects.push({ type: "load", model: model.id });
    if (knows) effects.push({ type: "proceed", model: model.id, slots, spare: this.ledger.free });
    model.unavailable({ state: "loading", waits: !knows, restart: false });
    model.slots = slots;
    model.wantedSinceMs = undefined;
    return slots;
  }

  /** Starts its process, if it has none and there are not too many that wait. */
  #prepare(model: ScheduledModel, wanted: readonly ScheduledModel[], effects: Effect[]): void {
    if (model.availability.state !== "unloaded" || wanted.filter(isPreparing).length >= maxWaitingProcesses) return;
    model.unavailable({ state: "preparing", knows: false });
    effects.push({ type: "load", model: model.id });
  }

  /**
   * Starts the process of the first that has none and is not known. For want of a place the last one that has said what
   * its model takes gives its own up: after all have been looked at, so that none is ended that could be loaded.
   */
  #yieldPlace(wanted: readonly ScheduledModel[], nowMs: number, effects: Effect[]): void {
    const unknown = wanted.find(({ availability: { state }, need, notBeforeMs }) => {
      return state === "unloaded" && need === undefined && nowMs >= notBeforeMs;
    });
    if (unknown === undefined) return;
    const preparing = wanted.filter(isPreparing);
    const done = preparing.findLast(({ availability }) => availability.state === "preparing" && availability.knows);
    if (preparing.length >= maxWaitingProcesses && done !== undefined)
      effects.push(unload(done, { reason: "abandoned" }));
    this.#prepare(unknown, wanted, effects);
  }

  #refuse(model: ScheduledModel, short: DeviceBytes): Effect[] {
    const refusal = { kind: "no-room", model: model.id, room: this.holdings.noRoom(model, short) } as const;
    const refused = this.#refuseWaiting(model, refusal);
    const had = model.availability.state;
    // At the start that is how the load ended; a request's caller is told anyway.
    if (model.hold || had === "preparing") {
      // Until its process has ended, which `onModelDown` will tell.
      model.unavailable({ state: "failed", refusal, retryAtMs: Infinity });
      refused.push({ type: "reject", model: model.id, refusal });
    }
    model.wantedSinceMs = undefined;
    return refused;
  }

  /** It does not fit beside the others that the start wants. */
  #drop(model: ScheduledModel, effects: Effect[]): void {
    model.hold = false;
    model.wantedSinceMs = undefined;
    if (model.availability.state === "preparing") effects.push(unload(model, { reason: "abandoned" }));
  }

  #shrink(effects: Effect[]): void {
    for (;;) {
      const over = this.holdings.over();
      const candidates = this.holdings.occupants().filter(({ bytes, busy, mayLeave }) => {
        return mayLeave && !busy && over.some((device) => (bytes[device] ?? 0) > 0);
      });
      // Alone it does not leave for itself.
      const [first] = candidates.sort((a, b) => a.lastUseMs - b.lastUseMs);
      const model = first && this.#models.get(first.id);
      if (model === undefined || this.holdings.residents <= 1) return;
      effects.push(unload(model, { reason: "room" }));
    }
  }

  #stay(): void {
    for (const model of this.#models.values()) {
      const { availability } = model;
      if (availability.state === "leaving" && availability.why.reason === "room") model.resume();
    }
  }

  #loads(): number {
    return [...this.#models.values()].filter(({ availability: { state } }) => state === "loading").length;
  }

  #checkAt(ms: number): void {
    this.#nextMs = Math.min(this.#nextMs ?? Infinity, ms);
  }
}

function unload(model: ScheduledModel, why: { readonly reason: UnloadReason; readonly by?: string }): Effect {
  model.unavailable({ state: "unloading" });
  model.grantsBeforeContention = undefined;
  return { type: "unload", model: model.id, ...why };
}

function whyOf({ availability }: ScheduledModel): Leave {
  return availability.state === "leaving" ? availability.why : { reason: "asked" };
}

function isPreparing({ availability }: ScheduledModel): boolean {
  return availability.state === "preparing";
}

function isAskedFor({ waiting }: ScheduledModel): boolean {
  return waiting > 0;
}

function since({ wantedSinceMs }: ScheduledModel): number {
  return wantedSinceMs ?? Infinity;
}
