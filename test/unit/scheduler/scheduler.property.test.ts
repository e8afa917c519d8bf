import fc from "fast-check";
import { expect, test } from "vitest";
import { Scheduler } from "../../../services/scheduler/scheduler.ts";
import type { Effect, LaneName, Ticket } from "../../../services/scheduler/ticket.ts";

const models = ["a", "b"] as const;
const maxQueue = 3;
const auxiliaryPlaces = 2;
const modelName = fc.constantFrom(...models);

/** Picks one of the tickets so far by number; a number without a ticket does nothing. */
const pick = fc.nat(30);
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("request" as const),
      model: modelName,
      places: fc.integer({ min: 1, max: 4 }),
      auxiliary: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("finish" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("cancel" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("deadline" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("lost" as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("ready" as const),
      model: modelName,
      slots: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restarting" as const), model: modelName }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("failed" as const), model: modelName }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

type Fate = "waiting" | "running" | "finished" | "refused" | "cancelled";

/** Plays events against a scheduler beside a model of what a caller sees, and checks each effect against it. */
class Play {
  readonly scheduler = new Scheduler({
    models: models.map((id) => ({ id, maxQueue })),
    maxQueue: maxQueue + 1,
    auxiliaryPlaces,
  });
  readonly tickets: Ticket[] = [];
  readonly fates = new Map<number, Fate>();
  readonly slots = new Map<string, number>();
  /** Who has lost its worker goes before who has not; else the first is the first. */
  readonly #again = new Set<number>();
  #now = 0;

  run(event: Event): void {
    this.#now += 1;
    const now = this.#now;
    const { scheduler } = this;
    switch (event.type) {
      case "request": {
        const lane: LaneName = event.auxiliary ? "auxiliary" : "generate";
        const places = event.auxiliary ? 1 : event.places;
        const ticket: Ticket = { id: this.tickets.length, model: event.model, lane, places, deadlineMs: undefined };
        this.tickets.push(ticket);
        this.fates.set(ticket.id, "waiting");
        return this.#check(scheduler.onRequest(ticket, now));
      }
      case "ready":
        this.slots.set(event.model, event.slots);
        return this.#check(scheduler.onModelReady(event.model, { slots: event.slots }, now));
      case "restarting":
        this.slots.set(event.model, 0);
        return this.#check(scheduler.onModelDown(event.model, { kind: "restarting" }));
      case "failed":
        this.slots.set(event.model, 0);
        return this.#check(
          scheduler.onModelDown(event.model, { kind: "failed", message: "broken", retryAtMs: now + 3 }),
        );
      case "cancel":
        this.#become(event.pick, "waiting", "cancelled");
        return this.#check(scheduler.onCancel(event.pick, now));
      case "deadline":
        return this.#check(scheduler.onDeadline(event.pick, now));
      case "finish":
        this.#become(event.pick, "running", "finished");
        return this.#check(scheduler.onFinished(event.pick, now));
      case "lost":
        if (this.#become(event.pick, "running", "waiting")) this.#again.add(event.pick);
        return this.#check(scheduler.onLost(event.pick, now));
    }
  }

  #become(id: number, from: Fate, to: Fate): boolean {
    if (this.fates.get(id) !== from) return false;
    this.fates.set(id, to);
    return true;
  }

  #check(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "load") continue;
      // Every request comes to one end: nobody is granted or refused who does not wait.
      expect(this.fates.get(effect.id)).toBe("waiting");
      if (effect.type === "grant") this.#checkOrder(effect.id);
      this.fates.set(effect.id, effect.type === "grant" ? "running" : "refused");
    }
    for (const model of models) this.#checkBounds(model);
  }

  #checkOrder(id: number): void {
    const granted = this.#ticket(id);
    const before = this.tickets.filter(
      (other) =>
        other.model === granted.model &&
        other.lane === granted.lane &&
        this.fates.get(other.id) === "waiting" &&
        other.id < id &&
        this.#again.has(other.id) === this.#again.has(id),
    );
    // Who asked last to be served again is behind who did before, which ids do not tell.
    if (!this.#again.has(id)) expect(before).toEqual([]);
  }

  #checkBounds(model: string): void {
    const counts = this.scheduler.counts(model);
    const of = (fate: Fate) => this.tickets.filter((one) => one.model === model && this.fates.get(one.id) === fate);
    expect(counts.running).toBe(of("running").length);
    expect(counts.waiting).toBe(of("waiting").length);
    const neverLost = of("waiting").filter(({ id }) => !this.#again.has(id));
    expect(neverLost.length).toBeLessThanOrEqual(maxQueue);
    expect(counts.slots).toBe(this.slots.get(model) ?? 0);
    const places = of("running")
      .filter(({ lane }) => lane === "generate")
      .reduce((sum, ticket) => sum + ticket.places, 0);
    expect(counts.slotsTaken).toBe(places);
    // No place is idle while the first in the line fits into it.
    const first = of("waiting").find(({ lane }) => lane === "generate");
    if (first !== undefined && of("waiting").every(({ id }) => !this.#again.has(id))) {
      expect(counts.slotsTaken + first.places).toBeGreaterThan(counts.slots);
    }
  }

  #ticket(id: number): Ticket {
    const ticket = this.tickets[id];
    if (ticket === undefined) throw new Error(`an effect for the unknown ticket ${id}`);
    return ticket;
  }
}

test("keeps its bounds, its order and one end per request through any events", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const play = new Play();
      for (const event of events) play.run(event);
    }),
    { numRuns: 2000 },
  );
});

test("never runs more sequences than slots while the workers live", () => {
  const calm = event.filter(({ type }) => type !== "ready" && type !== "restarting" && type !== "failed");
  fc.assert(
    fc.property(fc.array(calm, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (events, slots) => {
      const play = new Play();
      for (const model of models) {
        play.slots.set(model, slots);
        play.scheduler.onModelReady(model, { slots }, 0);
      }
      for (const event of events) {
        play.run(event);
        for (const model of models) expect(play.scheduler.counts(model).slotsTaken).toBeLessThanOrEqual(slots);
      }
    }),
    { numRuns: 500 },
  );
});
