import type { Ticket } from "./ticket.ts";

/** The order in which waiting tickets are served. Another order (by priority, fair by key) is another implementation of this. */
export interface WaitingLine {
  readonly size: number;
  /** `again`: it held places before and lost them through no fault of its own, so it goes before all that never did. */
  add(ticket: Ticket, options?: { readonly again?: boolean }): void;
  /** The ticket to be served next. */
  first(): Ticket | undefined;
  remove(id: number): Ticket | undefined;
  /** All, in the order of service. */
  tickets(): Iterable<Ticket>;
}

/** First come, first served: a request for many places at the head is not overtaken, or it might wait for ever. */
export function createFifoLine(): WaitingLine {
  // A Map keeps insertion order and removes from the middle in constant time, which a client that leaves needs.
  const again = new Map<number, Ticket>();
  const fresh = new Map<number, Ticket>();
  return {
    get size() {
      return again.size + fresh.size;
    },
    add(ticket, options) {
      (options?.again === true ? again : fresh).set(ticket.id, ticket);
    },
    first() {
      return again.values().next().value ?? fresh.values().next().value;
    },
    remove(id) {
      const ticket = again.get(id) ?? fresh.get(id);
      again.delete(id);
      fresh.delete(id);
      return ticket;
    },
    *tickets() {
      yield* again.values();
      yield* fresh.values();
    },
  };
}
