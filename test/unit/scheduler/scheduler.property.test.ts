import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Scheduler } from "../../../services/scheduler/scheduler.ts";
import type { Effect, LaneName, Ticket } from "../../../services/scheduler/ticket.ts";

const models = ["a", "b"] as const;
const maxQueue = 3;
const auxiliaryPlaces = 2;
/** The other model stays. */
const ttlMs: Readonly<Record<string, number | undefined>> = { a: 8 };
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
  { weight: 2, arbitrary: fc.record({ type: fc.constant("check" as const), afterMs: fc.nat(10) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("gone" as const), model: modelName }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

type Fate = "waiting" | "running" | "finished" | "refused" | "cancelled";
type Place = "unloaded" | "loading" | "ready" | "unloading" | "failed";

/** Plays events against a scheduler beside a model of what a caller sees, and compares each effect with it. */
class Play {
  /** What went wrong, in words. */
  readonly problems: string[] = [];
  readonly scheduler = new Scheduler({
    models: models.map((id) => ({ id, maxQueue, ttlMs: ttlMs[id] })),
    maxQueue: maxQueue + 1,
    auxiliaryPlaces,
  });
  readonly tickets: Ticket[] = [];
  readonly fates = new Map<number, Fate>();
  readonly slots = new Map<string, number>();
  readonly places = new Map<string, Place>();
  readonly #lastUseMs = new Map<string, number>();
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
      case "gone":
        if (this.places.get(event.model) !== "unloading") return;
        this.#down(event.model, "unloaded");
        return this.#check(scheduler.onModelGone(event.model, now));
      case "ready":
        // No process, or one that ends, does not load.
        if (!this.#hasProcess(event.model)) return;
        this.setReady(event.model, event.slots);
        return this.#check(scheduler.onModelReady(event.model, { slots: event.slots }, now));
      case "restarting":
        if (!this.#hasProcess(event.model)) return;
        this.#down(event.model, "loading");
        return this.#check(scheduler.onModelDown(event.model, { kind: "restarting" }, now));
      case "failed":
        if (!this.#hasProcess(event.model)) return;
        this.#down(event.model, "failed");
        return this.#check(
          scheduler.onModelDown(event.model, { kind: "failed", message: "broken", retryAtMs: now + 3 }, now),
        );
      case "cancel":
        if (this.#become(event.pick, "waiting", "cancelled")) this.#used(event.pick);
        return this.#check(scheduler.onCancel(event.pick, now));
      case "deadline":
        if (this.fates.get(event.pick) === "waiting") this.#used(event.pick);
        return this.#check(scheduler.onDeadline(event.pick, now));
      case "finish":
        if (this.#become(event.pick, "running", "finished")) this.#used(event.pick);
        return this.#check(scheduler.onFinished(event.pick, now));
      case "lost":
        if (this.#become(event.pick, "running", "waiting")) this.#again.add(event.pick);
        return this.#check(scheduler.onLost(event.pick, now));
      case "check":
        this.#now += event.afterMs;
        this.#check(scheduler.onCheck(this.#now));
        for (const model of models) if (this.#isDue(model)) this.problems.push(`${model} stays, unused for its ttl`);
    }
  }

  #hasProcess(model: string): boolean {
    return ["loading", "ready"].includes(this.places.get(model) ?? "");
  }

  setReady(model: string, slots: number): void {
    this.slots.set(model, slots);
    this.places.set(model, "ready");
    this.#lastUseMs.set(model, this.#now);
  }

  #down(model: string, place: Place): void {
    this.slots.set(model, 0);
    this.places.set(model, place);
  }

  #used(id: number): void {
    this.#lastUseMs.set(this.tickets[id]?.model ?? "", this.#now);
  }

  /** In memory, used by nobody for its ttl or longer. */
  #isDue(model: string): boolean {
    const busy = this.tickets.some(
      (one) => one.model === model && ["waiting", "running"].includes(this.fates.get(one.id) ?? ""),
    );
    const idleMs = this.#now - (this.#lastUseMs.get(model) ?? Infinity);
    return this.places.get(model) === "ready" && !busy && idleMs >= (ttlMs[model] ?? Infinity);
  }

  #become(id: number, from: Fate, to: Fate): boolean {
    if (this.fates.get(id) !== from) return false;
    this.fates.set(id, to);
    return true;
  }

  #check(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "load" || effect.type === "unload") {
        this.#checkResidency(effect);
        continue;
      }
      // Nobody says here what a model takes.
      if (effect.type === "proceed" || effect.type === "reject") {
        this.problems.push(`${effect.type} of ${effect.model}`);
        continue;
      }
      const fate = this.fates.get(effect.id);
      // Every request comes to one end: nobody is granted or refused who does not wait.
      if (fate !== "waiting") this.problems.push(`${effect.type} of ${effect.id}, which is ${fate}`);
      if (effect.type === "grant") this.#checkOrder(effect.id);
      this.fates.set(effect.id, effect.type === "grant" ? "running" : "refused");
    }
    for (const model of models) this.#checkBounds(model);
    const due = models.filter((model) => this.#isDue(model));
    const nextMs = this.scheduler.nextCheckMs() ?? Infinity;
    if (due.length > 0 && nextMs > this.#now) this.problems.push(`no check is due for ${due.join()}`);
  }

  #checkResidency(effect: Extract<Effect, { type: "load" | "unload" }>): void {
    const { type, model } = effect;
    const place = this.places.get(model) ?? "unloaded";
    if (type === "load" && place !== "unloaded" && place !== "failed") this.problems.push(`${model} loads twice`);
    // A load is given up when no request is waiting for it any more.
    const due = effect.type === "unload" && effect.reason === "abandoned" ? place === "loading" : this.#isDue(model);
    if (type === "unload" && !due) this.problems.push(`${model} is unloaded while ${place} or in use`);
    this.#down(model, type === "load" ? "loading" : "unloading");
  }

  /** Among those that never lost their worker (for the others ids do not tell who asked first). */
  #checkOrder(id: number): void {
    const granted = this.tickets[id];
    const overtaken = this.tickets.find(
      (other) =>
        other.id < id &&
        other.model === granted?.model &&
        other.lane === granted.lane &&
        this.fates.get(other.id) === "waiting" &&
        this.#again.has(other.id) === this.#again.has(id),
    );
    if (overtaken && !this.#again.has(id)) this.problems.push(`${id} overtook ${overtaken.id}`);
  }

  #checkBounds(model: string): void {
    const of = (fate: Fate) => this.tickets.filter((one) => one.model === model && this.fates.get(one.id) === fate);
    const slots = this.slots.get(model) ?? 0;
    const slotsTaken = of("running")
      .filter(({ lane }) => lane === "generate")
      .reduce((sum, { places }) => sum + places, 0);
    const counts = this.scheduler.counts(model);
    const expected = { running: of("running").length, waiting: of("waiting").length, slots, slotsTaken };
    if (!isDeepStrictEqual(counts, expected)) this.problems.push(`${JSON.stringify({ model, counts, expected })}`);
    const admitted = of("waiting").filter(({ id }) => !this.#again.has(id));
    if (admitted.length > maxQueue) this.problems.push(`${admitted.length} wait for ${model}`);
    const first = admitted.find(({ lane }) => lane === "generate");
    const onlyAdmitted = admitted.length === of("waiting").length;
    if (first !== undefined && onlyAdmitted && slotsTaken + first.places <= slots) {
      this.problems.push(`${first.id} waits though it fits`);
    }
  }
}

test("keeps its bounds, its order and one end per request through any events", () => {
  const property = fc.property(fc.array(event, { maxLength: 80 }), (events) => {
    const play = new Play();
    for (const event of events) play.run(event);
    expect(play.problems).toEqual([]);
  });
  fc.assert(property, { numRuns: 2000 });
});

test("never runs more sequences than slots while the workers live", () => {
  const calm = event.filter(({ type }) => type !== "ready" && type !== "restarting" && type !== "failed");
  const property = fc.property(fc.array(calm, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (events, slots) => {
    const play = new Play();
    for (const model of models) {
      play.setReady(model, slots);
      play.scheduler.onModelReady(model, { slots }, 0);
    }
    for (const event of events) {
      play.run(event);
      const most = Math.max(...models.map((model) => play.scheduler.counts(model).slotsTaken));
      expect(most).toBeLessThanOrEqual(slots);
    }
    expect(play.problems).toEqual([]);
  });
  fc.assert(property, { numRuns: 500 });
});
