import { addBytes, type DeviceBytes, shortage, subtractBytes } from "./device-bytes.ts";
import type { Occupant } from "./find-room.ts";
import { Ledger } from "./ledger.ts";
import { needOf, slotsWithin } from "./memory-need.ts";
import type { ScheduledModel } from "./scheduled-model.ts";
import type { NoRoom } from "./ticket.ts";

/** The ledger as all models together have it: what is there, what will be, and what is left for whom. Changes nothing. */
export class Holdings {
  readonly ledger = new Ledger();
  readonly #models: ReadonlyMap<string, ScheduledModel>;

  constructor(models: ReadonlyMap<string, ScheduledModel>) {
    this.#models = models;
  }

  /** What nobody will hold when those have left that are leaving. */
  coming(): DeviceBytes {
    const { free } = this.ledger;
    return Object.fromEntries(
      Object.entries(free).map(([device, bytes]) => [device, bytes + this.#leavingBytes(device)]),
    );
  }

  /** Without all but the pinned models; `without`: without that one too. */
  utmost(without?: string): DeviceBytes {
    const pinned = [...this.#models.values()].filter((model) => model.pinned && model.id !== without);
    const kept = pinned.map(({ id }) => this.ledger.bounded(this.ledger.held(id) ?? {}));
    return kept.reduce<DeviceBytes>((room, bytes) => subtractBytes(room, bytes), this.ledger.capacity);
  }

  /** Those that hold memory and do not leave already. */
  occupants(): Occupant[] {
    return [...this.#models.values()].flatMap((model): Occupant[] => {
      const bytes = this.ledger.held(model.id);
      if (bytes === undefined || model.isLeaving) return [];
      const mayLeave = !model.pinned && model.availability.state === "ready";
      return [{ id: model.id, bytes, busy: model.busy, lastUseMs: model.lastUseMs ?? 0, mayLeave }];
    });
  }

  /** What models hold that are in memory, and neither come nor go. */
  settled(): DeviceBytes {
    const there = [...this.#models.values()].filter(({ availability: { state } }) => {
      return state === "ready" || state === "leaving";
    });
    return there.reduce<DeviceBytes>((sum, { id }) => addBytes(sum, this.ledger.held(id) ?? {}), {});
  }

  /** How many hold memory. */
  get residents(): number {
    return [...this.#models.values()].filter(({ id }) => this.ledger.held(id) !== undefined).length;
  }

  /** The devices of which more is held than there is, though some have begun to leave. */
  over(): string[] {
    const { free } = this.ledger;
    return Object.keys(free).filter((device) => (free[device] ?? 0) + this.#leavingBytes(device) < 0);
  }

  /** What is left when every known model has its fewest slots is shared; where they cannot all be, those who are here have it. */
  slotsFor(model: ScheduledModel, coming: DeviceBytes): number {
    const { need } = model;
    if (need === undefined) return 1;
    const { free } = this.ledger;
    const room: Record<string, number> = {};
    for (const device of Object.keys(free)) room[device] = Math.min(free[device] ?? 0, coming[device] ?? 0);
    const fewest = needOf(need, need.minSlots);
    const left = subtractBytes(room, this.ledger.bounded(fewest));
    const others = [...this.#models.values()].flatMap((other) => {
      const { state } = other.availability;
      if (other === model || (state !== "unloaded" && state !== "preparing") || other.need === undefined) return [];
      return [needOf(other.need, other.need.minSlots)];
    });
    const reserved = others.reduce((sum, bytes) => addBytes(sum, this.ledger.bounded(bytes)), {} as DeviceBytes);
    const all = Object.keys(shortage(reserved, left)).length === 0;
    const spare = all ? share(subtractBytes(left, reserved), others.length + 1) : left;
    return slotsWithin(need, addBytes(this.ledger.bounded(fewest), spare));
  }

  /** Why there is no room for the model, of which so much is short. */
  noRoom(model: ScheduledModel, short: DeviceBytes): NoRoom {
    const stay = [...this.#models.values()].flatMap(({ id, pinned }) => {
      const bytes = this.ledger.held(id);
      return bytes === undefined || !pinned || id === model.id ? [] : [{ model: id, bytes }];
    });
    const need = model.need === undefined ? {} : needOf(model.need, model.need.minSlots);
    return { need, capacity: this.ledger.capacity, short, stay };
  }

  #leavingBytes(device: string): number {
    const leaving = [...this.#models.values()].filter((model) => model.isLeaving);
    return leaving.reduce((sum, { id }) => sum + (this.ledger.held(id)?.[device] ?? 0), 0);
  }
}

function share(bytes: DeviceBytes, parts: number): DeviceBytes {
  return Object.fromEntries(Object.entries(bytes).map(([device, amount]) => [device, Math.floor(amount / parts)]));
}
