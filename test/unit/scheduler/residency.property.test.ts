import fc from "fast-check";
import { expect, test } from "vitest";
import { addBytes, type DeviceBytes } from "../../../services/scheduler/device-bytes.ts";
import { type MemoryNeed, needOf } from "../../../services/scheduler/memory-need.ts";
import { Scheduler } from "../../../services/scheduler/scheduler.ts";
import type { Effect, Ticket } from "../../../services/scheduler/ticket.ts";

const turn = { ms: 50, requests: 4 };
const capacity = { RAM: 100, GPU0: 50 };
const ids = ["a", "b", "c", "d", "e"] as const;
const pinned = "e";

const needs = fc.record({
  ram: fc.integer({ min: 5, max: 60 }),
  gpu: fc.integer({ min: 0, max: 40 }),
  perSlot: fc.integer({ min: 1, max: 5 }),
  maxSlots: fc.integer({ min: 1, max: 4 }),
});
const pick = fc.nat(1000);
const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("request" as const), model: fc.constantFrom(...ids) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("finish" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("cancel" as const), pick }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("process" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const), pick, memory: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("unload" as const),
      model: fc.constantFrom(...ids),
      force: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 60 }) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

interface Process {
  state: "starting" | "asking" | "loading" | "ready" | "ending" | "rejected";
  bytes: DeviceBytes;
  slots: number;
  readyMs: number;
  grants: number;
}

/** Workers and callers as they can be, around a scheduler; notes whatever must not happen. */
class World {
  readonly problems: string[] = [];
  readonly scheduler: Scheduler;
  readonly processes = new Map<string, Process>();
  readonly running = new Map<number, string>();
  readonly waiting = new Map<number, string>();
  evictions = 0;
  now = 0;
  readonly #needs: ReadonlyMap<string, MemoryNeed>;
  #lastId = 0;

  constructor(numbers: readonly { ram: number; gpu: number; perSlot: number; maxSlots: number }[]) {
    this.#needs = new Map(
      numbers.map(({ ram, gpu, perSlot, maxSlots }, index) => [
        ids[index] ?? "",
        { fixed: { RAM: ram, GPU0: gpu }, perSlot: { RAM: perSlot, GPU0: 0 }, minSlots: 1, maxSlots },
      ]),
    );
    this.scheduler = new Scheduler({
      models: ids.map((id) => ({ id, maxQueue: 1000, pinned: id === pinned })),
      maxQueue: 10_000,
      auxiliaryPlaces: 2,
      turn,
    });
    this.apply(this.scheduler.onCapacity(capacity, 0));
  }

  run(event: Event): void {
    const { scheduler, now } = this;
    switch (event.type) {
      case "request": {
        const ticket: Ticket = {
          id: ++this.#lastId,
          model: event.model,
          lane: "generate",
          places: 1,
          deadlineMs: undefined,
        };
        this.waiting.set(ticket.id, event.model);
        return this.apply(scheduler.onRequest(ticket, now));
      }
      case "finish": {
        const id = at([...this.running.keys()], event.pick);
        if (id === undefined) return;
        this.running.delete(id);
        return this.apply(scheduler.onFinished(id, now));
      }
      case "cancel": {
        const id = at([...this.waiting.keys()], event.pick);
        if (id === undefined) return;
        this.waiting.delete(id);
        return this.apply(scheduler.onCancel(id, now));
      }
      case "process":
        return this.#advance(at([...this.processes.keys()], event.pick));
      case "crash": {
        const model = at(this.#in("ready"), event.pick);
        const process = model === undefined ? undefined : this.processes.get(model);
        if (model === undefined || process === undefined) return;
        process.state = "starting";
        this.apply(scheduler.onModelDown(model, { kind: "restarting" }, now));
        // Those whose callers have seen nothing yet go on waiting, the others' owners end them.
        for (const [id, on] of this.running) if (on === model && id % 2 === 0) this.#lose(id, model);
        return;
      }
      case "fail": {
        const model = at(this.#in("loading"), event.pick);
        if (model === undefined) return;
        this.processes.delete(model);
        const down = { kind: "failed", message: "broken", retryAtMs: now + 5, memory: event.memory } as const;
        return this.apply(scheduler.onModelDown(model, down, now));
      }
      case "unload":
        return this.apply(scheduler.onUnload(event.model, { force: event.force }, now));
      case "wait":
        this.now += event.ms;
        return this.apply(scheduler.onCheck(this.now));
    }
  }

  /** Everything goes its way until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 2000 && this.waiting.size + this.running.size > 0; round++) {
      for (const model of this.processes.keys()) this.#advance(model);
      for (const id of Array.from(this.running.keys())) {
        this.running.delete(id);
        this.apply(this.scheduler.onFinished(id, this.now));
      }
      this.now += 10;
      this.apply(this.scheduler.onCheck(this.now));
    }
  }

  #lose(id: number, model: string): void {
    this.running.delete(id);
    this.waiting.set(id, model);
    this.apply(this.scheduler.onLost(id, this.now));
  }

  #in(state: Process["state"]): string[] {
    return [...this.processes].filter(([, process]) => process.state === state).map(([model]) => model);
  }

  #advance(model: string | undefined): void {
    const process = model === undefined ? undefined : this.processes.get(model);
    if (model === undefined || process === undefined) return;
    const { scheduler, now } = this;
    const need = this.#needs.get(model);
    switch (process.state) {
      case "starting":
        process.state = "asking";
        return this.apply(need === undefined ? [] : scheduler.onEstimate(model, need, now));
      case "loading": {
        process.state = "ready";
        process.readyMs = now;
        process.grants = 0;
        const measured = process.bytes;
        return this.apply(scheduler.onModelReady(model, { slots: process.slots, measured, loadMs: 8 }, now));
      }
      case "ending":
        this.processes.delete(model);
        return this.apply(scheduler.onModelGone(model, now));
      case "rejected":
        this.processes.delete(model);
        return this.apply(
          scheduler.onModelDown(model, { kind: "failed", message: "no room", retryAtMs: now + 5 }, now),
        );
      default:
        return;
    }
  }

  apply(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOut(effect);
    const used = [...this.processes.values()].reduce<DeviceBytes>((sum, { bytes }) => addBytes(sum, bytes), {});
    for (const [device, most] of Object.entries(capacity)) {
      if ((used[device] ?? 0) > most) this.problems.push(`${used[device]} of ${most} bytes of ${device} are used`);
      const held = this.scheduler.memory().used[device] ?? 0;
      if (held > most) this.problems.push(`${held} of ${most} bytes of ${device} are held`);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "grant": {
        const model = this.waiting.get(effect.id);
        const process = this.processes.get(model ?? "");
        if (model === undefined || process?.state !== "ready")
          return void this.problems.push(`${effect.id} is granted`);
        process.grants += 1;
        this.waiting.delete(effect.id);
        this.running.set(effect.id, model);
        return;
      }
      case "refuse":
        if (!this.waiting.delete(effect.id)) this.problems.push(`${effect.id} is refused`);
        return;
      case "load":
        if (this.processes.has(effect.model)) this.problems.push(`${effect.model} has two processes`);
        this.processes.set(effect.model, { state: "starting", bytes: {}, slots: 0, readyMs: 0, grants: 0 });
        return;
      case "proceed": {
        const process = this.processes.get(effect.model);
        const need = this.#needs.get(effect.model);
        if (process?.state !== "asking" || need === undefined)
          return void this.problems.push(`${effect.model} proceeds`);
        process.state = "loading";
        // One that comes back after a crash is as it was.
        process.slots = effect.slots ?? process.slots;
        process.bytes = needOf(need, process.slots);
        return;
      }
      case "reject": {
        const process = this.processes.get(effect.model);
        if (process !== undefined) process.state = "rejected";
        return;
      }
      case "unload":
        return this.#unload(effect);
    }
  }

  #unload({ model, reason, force }: Extract<Effect, { type: "unload" }>): void {
    const process = this.processes.get(model);
    if (process === undefined) return void this.problems.push(`${model} is unloaded without a process`);
    const runs = [...this.running.values()].includes(model);
    if (runs && force !== true && process.state === "ready") this.problems.push(`${model} is unloaded under an answer`);
    if (reason === "room") this.#checkTurn(model, process);
    process.state = "ending";
  }

  #checkTurn(model: string, process: Process): void {
    this.evictions += 1;
    if (model === pinned) this.problems.push("a pinned model is evicted");
    const isWanted = [...this.waiting.values()].includes(model);
    const turnIsOver = this.now - process.readyMs >= turn.ms || process.grants >= turn.requests;
    if (isWanted && !turnIsOver) this.problems.push(`${model} is evicted in its turn`);
  }
}

function at<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

test("never holds more than there is, evicts no busy and no pinned model, and ends every request", () => {
  let evictions = 0;
  const property = fc.property(
    fc.tuple(needs, needs, needs, needs, needs),
    fc.array(event, { minLength: 20, maxLength: 200 }),
    (numbers, events) => {
      const world = new World(numbers);
      for (const event of events) world.run(event);
      world.settle();
      expect(world.problems).toEqual([]);
      expect([...world.waiting.keys(), ...world.running.keys()]).toEqual([]);
      evictions += world.evictions;
    },
  );
  fc.assert(property, { numRuns: 500 });
  // Worlds in which no model ever leaves for another would prove nothing.
  expect(evictions).toBeGreaterThan(100);
});

test("after 1,000 events the ledger equals the sum of the workers", () => {
  const property = fc.property(
    fc.tuple(needs, needs, needs, needs, needs),
    fc.array(event, { minLength: 1000, maxLength: 1000 }),
    (numbers, events) => {
      const world = new World(numbers);
      for (const event of events) world.run(event);
      world.settle();
      for (const id of ids) {
        const { held } = world.scheduler.memoryOf(id);
        const process = world.processes.get(id);
        // One that comes back after a crash keeps its room.
        if (process?.state === "ready" || process?.state === "loading") expect(held).toEqual(process.bytes);
        else if (process === undefined) expect(held).toBeUndefined();
      }
      expect(world.problems).toEqual([]);
    },
  );
  fc.assert(property, { numRuns: 20, endOnFailure: true });
});
