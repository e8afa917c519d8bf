import { describe, expect, test } from "vitest";
import { Scheduler, type SchedulerOptions } from "../../../services/scheduler/scheduler.ts";
import type { Effect, Ticket } from "../../../services/scheduler/ticket.ts";

function ready(options: Partial<SchedulerOptions> & { slots?: number } = {}): Scheduler {
  const scheduler = create(options);
  scheduler.onModelReady("a", { slots: options.slots ?? 2 }, 0);
  return scheduler;
}

function create(options: Partial<SchedulerOptions> = {}): Scheduler {
  return new Scheduler({ models: [{ id: "a", maxQueue: 4 }], maxQueue: 100, auxiliaryPlaces: 2, ...options });
}

function ticket(id: number, fields: Partial<Ticket> = {}): Ticket {
  return { id, model: "a", lane: "generate", places: 1, deadlineMs: undefined, ...fields };
}

const grant = (id: number): Effect => ({ type: "grant", id });
const refusalOf = (effects: readonly Effect[], id: number) =>
  effects.flatMap((effect) => (effect.type === "refuse" && effect.id === id ? [effect.refusal] : []))[0];

describe("a request", () => {
  test("is granted at once while places are free", () => {
    const scheduler = ready();
    expect(scheduler.onRequest(ticket(1), 0)).toEqual([grant(1)]);
    expect(scheduler.onRequest(ticket(2), 0)).toEqual([grant(2)]);
    expect(scheduler.onRequest(ticket(3), 0)).toEqual([]);
    expect(scheduler.counts("a")).toEqual({ running: 2, waiting: 1, slots: 2, slotsTaken: 2 });
  });

  test("waits for a place and gets it when one is given back", () => {
    const scheduler = ready({ slots: 1 });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    expect(scheduler.onFinished(1, 5)).toEqual([grant(2)]);
  });

  test("for several choices needs as many places at once, and is not overtaken while it waits for them", () => {
    const scheduler = ready({ slots: 2 });
    scheduler.onRequest(ticket(1), 0);
    expect(scheduler.onRequest(ticket(2, { places: 2 }), 0)).toEqual([]);
    expect(scheduler.onRequest(ticket(3), 0)).toEqual([]);
    expect(scheduler.onFinished(1, 1)).toEqual([grant(2)]);
    expect(scheduler.onFinished(2, 2)).toEqual([grant(3)]);
  });

  test("for more choices than the model has slots is refused, at once or when the model is ready", () => {
    const refusal = { kind: "too-many-choices", places: 3, slots: 2 };
    expect(refusalOf(ready().onRequest(ticket(1, { places: 3 }), 0), 1)).toEqual(refusal);
    const scheduler = create();
    scheduler.onRequest(ticket(1, { places: 3 }), 0);
    scheduler.onRequest(ticket(2), 0);
    const effects = scheduler.onModelReady("a", { slots: 2 }, 0);
    expect(refusalOf(effects, 1)).toEqual(refusal);
    expect(effects).toContainEqual(grant(2));
  });

  test("is refused while its model's queue is full, with a time to come again", () => {
    const scheduler = ready({ slots: 1, models: [{ id: "a", maxQueue: 1 }] });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    expect(refusalOf(scheduler.onRequest(ticket(3), 0), 3)).toEqual({
      kind: "queue-full",
      scope: "model",
      waiting: 1,
      retryAfterMs: 2000,
    });
  });

  test("is refused while the server's queue is full", () => {
    const models = [
      { id: "a", maxQueue: 4 },
      { id: "b", maxQueue: 4 },
    ];
    const scheduler = ready({ slots: 1, models, maxQueue: 1 });
    scheduler.onModelReady("b", { slots: 1 }, 0);
    for (const id of [1, 2]) scheduler.onRequest(ticket(id), 0);
    scheduler.onRequest(ticket(3, { model: "b" }), 0);
    expect(refusalOf(scheduler.onRequest(ticket(4, { model: "b" }), 0), 4)).toMatchObject({ scope: "server" });
  });

  test("is told to come again after what those before it will take", () => {
    const scheduler = ready({ slots: 1, models: [{ id: "a", maxQueue: 1 }] });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onFinished(1, 8000);
    scheduler.onRequest(ticket(2), 8000);
    scheduler.onRequest(ticket(3), 8000);
    expect(refusalOf(scheduler.onRequest(ticket(4), 8000), 4)).toMatchObject({ retryAfterMs: 16_000 });
  });

  test("whose deadline has passed is refused, before it waits and while it does", () => {
    const scheduler = ready({ slots: 1 });
    expect(refusalOf(scheduler.onRequest(ticket(1, { deadlineMs: 10 }), 10), 1)).toEqual({ kind: "deadline" });
    scheduler.onRequest(ticket(2), 10);
    scheduler.onRequest(ticket(3, { deadlineMs: 20 }), 10);
    expect(refusalOf(scheduler.onDeadline(3, 20), 3)).toEqual({ kind: "deadline" });
    expect(scheduler.counts("a").waiting).toBe(0);
  });

  test("that leaves while it waits makes way for those it held up", () => {
    const scheduler = ready({ slots: 2 });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2, { places: 2 }), 0);
    scheduler.onRequest(ticket(3), 0);
    expect(scheduler.onCancel(2, 1)).toEqual([grant(3)]);
  });

  test("that leaves while it runs holds its place until its work has stopped", () => {
    const scheduler = ready({ slots: 1 });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    expect(scheduler.onCancel(1, 1)).toEqual([]);
    expect(scheduler.onFinished(1, 2)).toEqual([grant(2)]);
  });

  test("that is short does not wait behind generation, but has bounds of its own", () => {
    const scheduler = ready({ slots: 1, auxiliaryPlaces: 1 });
    scheduler.onRequest(ticket(1), 0);
    expect(scheduler.onRequest(ticket(2, { lane: "auxiliary" }), 0)).toEqual([grant(2)]);
    expect(scheduler.onRequest(ticket(3, { lane: "auxiliary" }), 0)).toEqual([]);
    expect(scheduler.onFinished(2, 1)).toEqual([grant(3)]);
  });
});

describe("a model", () => {
  test("is loaded by its first request, once, and serves those who waited in their order", () => {
    const scheduler = create();
    expect(scheduler.onRequest(ticket(1), 0)).toEqual([{ type: "load", model: "a" }]);
    expect(scheduler.onRequest(ticket(2), 0)).toEqual([]);
    expect(scheduler.onModelReady("a", { slots: 2 }, 5)).toEqual([grant(1), grant(2)]);
  });

  test("that fails to load refuses who waits, and newcomers until it may be tried again", () => {
    const scheduler = create();
    scheduler.onRequest(ticket(1), 0);
    const refusal = { kind: "load-failed", model: "a", message: "no such file", memory: false };
    const down = { kind: "failed", message: "no such file", retryAtMs: 100 } as const;
    expect(refusalOf(scheduler.onModelDown("a", down, 0), 1)).toEqual(refusal);
    expect(refusalOf(scheduler.onRequest(ticket(2), 99), 2)).toEqual(refusal);
    expect(scheduler.onRequest(ticket(3), 100)).toEqual([{ type: "load", model: "a" }]);
  });

  test("that restarts keeps its queue, and who was lost goes first", () => {
    const scheduler = ready({ slots: 1 });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    scheduler.onModelDown("a", { kind: "restarting" }, 0);
    expect(scheduler.onLost(1, 1)).toEqual([]);
    expect(scheduler.counts("a")).toMatchObject({ running: 0, waiting: 2, slots: 0 });
    expect(scheduler.onModelReady("a", { slots: 1 }, 2)).toEqual([grant(1)]);
    expect(scheduler.onFinished(1, 3)).toEqual([grant(2)]);
  });

  test("that is back does not give places away that lost requests still hold", () => {
    const scheduler = ready({ slots: 1 });
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    scheduler.onModelDown("a", { kind: "restarting" }, 0);
    expect(scheduler.onModelReady("a", { slots: 1 }, 1)).toEqual([]);
    expect(scheduler.onFinished(1, 2)).toEqual([grant(2)]);
  });
});

describe("a model with a ttl", () => {
  const withTtl = () => ready({ slots: 1, models: [{ id: "a", maxQueue: 4, ttlMs: 100 }] });
  const unload: Effect = { type: "unload", model: "a", reason: "idle" };

  test("leaves memory when nobody has used it for so long, counted from its load or its last request's end", () => {
    const unused = withTtl();
    expect(unused.nextCheckMs()).toBe(100);
    expect(unused.onCheck(99)).toEqual([]);
    expect(unused.onCheck(100)).toEqual([unload]);
    expect(unused.nextCheckMs()).toBeUndefined();
    const used = withTtl();
    used.onRequest(ticket(1), 50);
    used.onFinished(1, 70);
    expect(used.nextCheckMs()).toBe(170);
    expect(used.onCheck(169)).toEqual([]);
    expect(used.onCheck(170)).toEqual([unload]);
  });

  test("is never unloaded while a request runs or waits, however long that takes", () => {
    const scheduler = withTtl();
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2), 0);
    expect(scheduler.nextCheckMs()).toBeUndefined();
    expect(scheduler.onCheck(10_000)).toEqual([]);
    expect(scheduler.onFinished(1, 20_000)).toEqual([grant(2)]);
    expect(scheduler.onCheck(30_000)).toEqual([]);
    scheduler.onFinished(2, 30_000);
    expect(scheduler.nextCheckMs()).toBe(30_100);
  });

  test("is kept by a request that waited for it and left, as if it had been served", () => {
    const scheduler = withTtl();
    scheduler.onRequest(ticket(1), 0);
    scheduler.onRequest(ticket(2, { deadlineMs: 80 }), 0);
    scheduler.onRequest(ticket(3), 0);
    scheduler.onFinished(1, 50);
    scheduler.onFinished(2, 60);
    scheduler.onCancel(3, 90);
    expect(scheduler.onFinished(3, 95)).toEqual([]);
    expect(scheduler.onCheck(194)).toEqual([]);
    expect(scheduler.onCheck(195)).toEqual([unload]);
  });

  test("that was unloaded is loaded by its next request, once for all who wait", () => {
    const scheduler = withTtl();
    scheduler.onCheck(100);
    expect(scheduler.onRequest(ticket(1), 110)).toEqual([]);
    expect(scheduler.onModelGone("a", 120)).toEqual([{ type: "load", model: "a" }]);
    expect(scheduler.onRequest(ticket(2, { lane: "auxiliary" }), 111)).toEqual([]);
    expect(scheduler.onCheck(1000)).toEqual([]);
    expect(scheduler.onModelReady("a", { slots: 1 }, 2000)).toEqual([grant(1), grant(2)]);
  });

  test("is not unloaded while the server shuts down, or while it is not in memory", () => {
    const ending = withTtl();
    ending.onShutdown();
    expect(ending.nextCheckMs()).toBeUndefined();
    const restarting = withTtl();
    restarting.onModelDown("a", { kind: "restarting" }, 0);
    expect(restarting.onCheck(1000)).toEqual([]);
  });

  test("leaves the others alone, and without one a model stays", () => {
    const models = [
      { id: "a", maxQueue: 4, ttlMs: 100 },
      { id: "b", maxQueue: 4 },
    ];
    const scheduler = ready({ models });
    scheduler.onModelReady("b", { slots: 1 }, 0);
    expect(scheduler.onCheck(1e9)).toEqual([unload]);
    expect(scheduler.nextCheckMs()).toBeUndefined();
  });
});

test("a shutdown refuses who needs a load, and lets who runs or waits for a turn finish", () => {
  const models = [
    { id: "a", maxQueue: 4 },
    { id: "b", maxQueue: 4 },
  ];
  const scheduler = ready({ models, slots: 1 });
  for (const id of [1, 2]) scheduler.onRequest(ticket(id), 0);
  scheduler.onRequest(ticket(3, { model: "b" }), 0);
  expect(scheduler.onShutdown()).toEqual([expect.objectContaining({ type: "refuse", id: 3 })]);
  expect(refusalOf(scheduler.onRequest(ticket(4, { model: "b" }), 0), 4)).toMatchObject({ kind: "shutting-down" });
  expect(scheduler.onFinished(1, 1)).toEqual([grant(2)]);
});

test("who waits for a turn is refused when the worker goes while the server shuts down, and who lost it too", () => {
  const scheduler = ready({ slots: 1 });
  for (const id of [1, 2]) scheduler.onRequest(ticket(id), 0);
  scheduler.onShutdown();
  expect(refusalOf(scheduler.onModelDown("a", { kind: "restarting" }, 0), 2)).toMatchObject({ kind: "shutting-down" });
  expect(refusalOf(scheduler.onLost(1, 0), 1)).toMatchObject({ kind: "shutting-down" });
});
