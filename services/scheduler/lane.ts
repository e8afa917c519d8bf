import type { Ticket } from "./ticket.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** Weight of the newest duration in the running mean: about the last ten requests count. */
const newestWeight = 0.2;
/** What a request is assumed to take before one has finished. */
const unknownServiceMs = 1000;
/** Bounds of an honest hint: sooner is a retry storm, later than a minute nobody waits. */
const retryAfterBoundsMs = { min: 1000, max: 60_000 };

/** The places of one model for one kind of work: how many there are, who holds them, who waits. Decides nothing by itself. */
export class Lane {
  /** 0 while the model is not ready. */
  capacity = 0;
  readonly line: WaitingLine;
  readonly #running = new Map<number, { readonly ticket: Ticket; readonly sinceMs: number }>();
  #placesTaken = 0;
  #meanServiceMs: number | undefined;

  constructor(line: WaitingLine) {
    this.line = line;
  }

  get running(): number {
    return this.#running.size;
  }

  runningIds(): Iterable<number> {
    return this.#running.keys();
  }

  get placesTaken(): number {
    return this.#placesTaken;
  }

  /** Whether `ticket` can have its places now. Places lost with a worker are taken until their holders say they have ended. */
  fits(ticket: Ticket): boolean {
    return this.#placesTaken + ticket.places <= this.capacity;
  }

  take(ticket: Ticket, nowMs: number): void {
    this.#running.set(ticket.id, { ticket, sinceMs: nowMs });
    this.#placesTaken += ticket.places;
  }

  /** Gives the places of a running ticket back; undefined when it does not run. */
  release(id: number, nowMs: number): Ticket | undefined {
    const entry = this.#running.get(id);
    if (entry === undefined) return undefined;
    this.#running.delete(id);
    this.#placesTaken -= entry.ticket.places;
    const tookMs = nowMs - entry.sinceMs;
    this.#meanServiceMs =
      this.#meanServiceMs === undefined ? tookMs : this.#meanServiceMs + newestWeight * (tookMs - this.#meanServiceMs);
    return entry.ticket;
  }

  /** When a newcomer would probably be served: everyone before it, by the mean of recent requests. */
  retryAfterMs(): number {
    const ahead = this.line.size + this.running;
    const estimateMs = (ahead / Math.max(1, this.capacity)) * (this.#meanServiceMs ?? unknownServiceMs);
    return Math.round(Math.min(retryAfterBoundsMs.max, Math.max(retryAfterBoundsMs.min, estimateMs)));
  }
}
