import type { Lane } from "./lane.ts";
import type { ScheduledModel } from "./scheduled-model.ts";
import type { Effect, Refusal, Ticket } from "./ticket.ts";

export interface RequestsOptions {
  readonly models: ReadonlyMap<string, ScheduledModel>;
  /** Most requests that wait in all. */
  readonly maxQueue: number;
}

/** Where a live ticket waits or runs. */
interface Place {
  readonly model: ScheduledModel;
  readonly lane: Lane;
}

/** The requests of all models: who waits and who runs where. It grants from the heads of the lines, and decides nothing else. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #places = new Map<number, Place>();
  #waiting = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Why nobody more may wait for the model; undefined: there is a place in its line. */
  fullQueue(model: ScheduledModel, lane: Lane): Refusal | undefined {
    const { waiting } = model;
    const retryAfterMs = lane.retryAfterMs();
    if (waiting >= model.maxQueue) return { kind: "queue-full", scope: "model", waiting, retryAfterMs };
    if (this.#waiting < this.#options.maxQueue) return undefined;
    return { kind: "queue-full", scope: "server", waiting: this.#waiting, retryAfterMs };
  }

  /** `again`: it was admitted once, so it goes to the head of the line. */
  wait({ model, lane }: Place, ticket: Ticket, options?: { readonly again: boolean }): void {
    this.#places.set(ticket.id, { model, lane });
    lane.line.add(ticket, options);
    this.#waiting += 1;
  }

  /** Gives the ticket, which waits nowhere, its places. */
  grant({ model, lane }: Place, ticket: Ticket, nowMs: number): Effect {
    this.#places.set(ticket.id, { model, lane });
    lane.take(ticket, nowMs);
    model.grants += 1;
    return { type: "grant", id: ticket.id };
  }

  /** Takes the places of a running ticket back; undefined: it does not run. */
  release(id: number, nowMs: number): (Place & { readonly ticket: Ticket }) | undefined {
    const place = this.#places.get(id);
    const ticket = place?.lane.release(id, nowMs);
    if (place === undefined || ticket === undefined) return undefined;
    this.#places.delete(id);
    return { ...place, ticket };
  }

  /** Takes a ticket out of its line that nobody waits with any more; undefined: it does not wait. */
  giveUp(id: number, nowMs: number): Ticket | undefined {
    const model = this.#places.get(id)?.model;
    const ticket = this.#leaveLine(id);
    if (ticket !== undefined && model !== undefined) model.lastUseMs = nowMs;
    return ticket;
  }

  /** Grants from the head of each line of a model that is ready, while the head fits. */
  serve(model: ScheduledModel, nowMs: number): Effect[] {
    const effects: Effect[] = [];
    if (model.availability.state !== "ready") return effects;
    for (const lane of Object.values(model.lanes)) {
      for (let next = lane.line.first(); next !== undefined && lane.fits(next); next = lane.line.first()) {
        this.#leaveLine(next.id);
        effects.push(this.grant({ model, lane }, next, nowMs));
      }
    }
    return effects;
  }

  serveAll(nowMs: number): Effect[] {
    return [...this.#options.models.values()].flatMap((model) => this.serve(model, nowMs));
  }

  refuseWaiting(model: ScheduledModel, refusal: Refusal): Effect[] {
    const waiting = model.waitingTickets();
    for (const { id } of waiting) this.#leaveLine(id);
    return waiting.map((ticket) => refuse(ticket, refusal));
  }

  /** Refuses those who wait for more places than the model, which is ready, has. */
  refuseTooBig({ lanes: { generate } }: ScheduledModel): Effect[] {
    const tooBig = [...generate.line.tickets()].filter((ticket) => ticket.places > generate.capacity);
    for (const { id } of tooBig) this.#leaveLine(id);
    return tooBig.map((ticket) => refuseChoices(ticket, generate));
  }

  #leaveLine(id: number): Ticket | undefined {
    const ticket = this.#places.get(id)?.lane.line.remove(id);
    if (ticket === undefined) return undefined;
    this.#places.delete(id);
    this.#waiting -= 1;
    return ticket;
  }
}

export function refuse(ticket: Ticket, refusal: Refusal): Effect {
  return { type: "refuse", id: ticket.id, refusal };
}

export function refuseChoices(ticket: Ticket, lane: Lane): Effect {
  return refuse(ticket, { kind: "too-many-choices", places: ticket.places, slots: lane.capacity });
}
