import { describe, expect, test } from "vitest";
import type { MemoryNeed } from "../../../services/scheduler/memory-need.ts";
import { Scheduler, type SchedulerOptions } from "../../../services/scheduler/scheduler.ts";
import type { SchedulerModel } from "../../../services/scheduler/scheduled-model.ts";
import type { Effect, Ticket } from "../../../services/scheduler/ticket.ts";

const turn = { ms: 100, requests: 3 };

function create(
  models: readonly (string | Partial<SchedulerModel>)[],
  options: Partial<SchedulerOptions> = {},
): Scheduler {
  const scheduler = new Scheduler({
    models: models.map((model) => ({ maxQueue: 100, id: "", ...(typeof model === "string" ? { id: model } : model) })),
    maxQueue: 1000,
    auxiliaryPlaces: 4,
    turn,
    ...options,
  });
  scheduler.onCapacity({ RAM: 100 }, 0);
  return scheduler;
}

/** A model that takes so many bytes of RAM, with one slot, and ten more for each other. */
function need(bytes: number, maxSlots = 1): MemoryNeed {
  return { fixed: { RAM: bytes - 10 }, perSlot: { RAM: 10 }, minSlots: 1, maxSlots };
}

function ticket(id: number, model: string): Ticket {
  return { id, model, lane: "generate", places: 1, deadlineMs: undefined };
}

/** Effects in words: `load a`, `proceed a 1`, `unload a room`, `grant 1`, `refuse 1 no-room`. */
function words(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    switch (effect.type) {
      case "grant":
        return `grant ${effect.id}`;
      case "refuse":
        return `refuse ${effect.id} ${effect.refusal.kind}`;
      case "load":
        return `load ${effect.model}`;
      case "proceed":
        return `proceed ${effect.model} ${effect.slots}`;
      case "reject":
        return `reject ${effect.model} ${effect.refusal.kind}`;
      case "unload":
        return `unload ${effect.model} ${effect.reason}`;
    }
  });
}

/** Brings a model into memory for a request that ends at once. */
function use(
  scheduler: Scheduler,
  model: string,
  { id, bytes, at }: { id: number; bytes: number; at: number },
): string[] {
  const effects = [
    ...scheduler.onRequest(ticket(id, model), at),
    ...scheduler.onEstimate(model, need(bytes), at),
    ...scheduler.onModelReady(model, { slots: 1 }, at),
    ...scheduler.onFinished(id, at),
  ];
  return words(effects);
}

describe("a model that is asked for", () => {
  test("says what it takes, then is loaded where there is room, and holds it", () => {
    const scheduler = create(["a"]);
    expect(words(scheduler.onRequest(ticket(1, "a"), 0))).toEqual(["load a"]);
    expect(words(scheduler.onEstimate("a", need(60), 1))).toEqual(["proceed a 1"]);
    expect(scheduler.memory().used).toEqual({ RAM: 60 });
    expect(words(scheduler.onModelReady("a", { slots: 1, measured: { RAM: 70 } }, 2))).toEqual(["grant 1"]);
    expect(scheduler.memory().used).toEqual({ RAM: 70 });
  });

  test("takes the room of the idle one that was used least recently, and of no more than are needed", () => {
    const scheduler = create(["a", "b", "c", "d"]);
    for (const [id, model] of ["a", "b", "c"].entries()) use(scheduler, model, { id, bytes: 30, at: id });
    scheduler.onRequest(ticket(10, "d"), 10);
    expect(words(scheduler.onEstimate("d", need(40), 10))).toEqual(["unload a room"]);
    expect(words(scheduler.onModelGone("a", 11))).toEqual(["proceed d 1"]);
    expect(scheduler.memory().used).toEqual({ RAM: 100 });
  });

  test("lets a small one stay when the big one after it makes room enough", () => {
    const scheduler = create(["a", "b", "c"]);
    use(scheduler, "a", { id: 0, bytes: 20, at: 0 });
    use(scheduler, "b", { id: 1, bytes: 70, at: 1 });
    scheduler.onRequest(ticket(10, "c"), 10);
    expect(words(scheduler.onEstimate("c", need(75), 10))).toEqual(["unload b room"]);
  });

  test("leaves models on other devices alone", () => {
    const scheduler = create(["a", "b"]);
    scheduler.onCapacity({ GPU0: 10, RAM: 10 }, 0);
    const on = (device: string): MemoryNeed => ({ fixed: { [device]: 8 }, perSlot: {}, minSlots: 1, maxSlots: 1 });
    scheduler.onRequest(ticket(1, "a"), 0);
    scheduler.onEstimate("a", on("GPU0"), 0);
    scheduler.onModelReady("a", { slots: 1 }, 0);
    scheduler.onRequest(ticket(2, "b"), 0);
    expect(words(scheduler.onEstimate("b", on("RAM"), 0))).toEqual(["proceed b 1"]);
  });

  test("is refused when it can never fit, with what it needs and who stays", () => {
    const scheduler = create([{ id: "a", pinned: true }, "b"]);
    use(scheduler, "a", { id: 0, bytes: 60, at: 0 });
    scheduler.onRequest(ticket(1, "b"), 1);
    const effects = scheduler.onEstimate("b", need(50), 1);
    expect(words(effects)).toEqual(["refuse 1 no-room", "reject b no-room"]);
    expect(effects[0]).toMatchObject({
      refusal: { room: { need: { RAM: 50 }, short: { RAM: 10 }, stay: [{ model: "a", bytes: { RAM: 60 } }] } },
    });
  });

  test("is given up when no request is waiting for it any more, before it has room and after", () => {
    const scheduler = create(["a"]);
    scheduler.onRequest(ticket(1, "a"), 0);
    expect(words(scheduler.onCancel(1, 1))).toEqual(["unload a abandoned"]);
    scheduler.onModelGone("a", 2);
    scheduler.onRequest(ticket(2, "a"), 3);
    scheduler.onEstimate("a", need(50), 3);
    expect(words(scheduler.onCancel(2, 4))).toEqual(["unload a abandoned"]);
    expect(scheduler.memory().used).toEqual({ RAM: 50 });
    scheduler.onModelGone("a", 5);
    expect(scheduler.memory().used).toEqual({});
  });

  test("whose process cannot say what it takes is loaded at once, and has room made for it from the second time on", () => {
    const scheduler = create(["a", "b"]);
    use(scheduler, "b", { id: 0, bytes: 60, at: 0 });
    expect(words(scheduler.onRequest(ticket(1, "a"), 1))).toEqual(["load a"]);
    // There is not enough for both, which nobody knew.
    const ready = words(scheduler.onModelReady("a", { slots: 2, measured: { RAM: 70 } }, 2));
    expect(ready).toEqual(["grant 1", "unload b room"]);
    scheduler.onModelGone("b", 3);
    scheduler.onFinished(1, 4);
    expect(words(scheduler.onRequest(ticket(2, "b"), 1000))).toEqual(["load b", "unload a room"]);
    scheduler.onModelGone("a", 1001);
    scheduler.onEstimate("b", need(60), 1001);
    scheduler.onModelReady("b", { slots: 1, measured: { RAM: 60 } }, 1002);
    scheduler.onFinished(2, 1003);
    expect(words(scheduler.onRequest(ticket(3, "a"), 3000))).toEqual(["load a", "unload b room"]);
  });

  test("whose process says something else than before is taken to need that, not what was once measured", () => {
    const scheduler = create(["a"]);
    use(scheduler, "a", { id: 0, bytes: 50, at: 0 });
    scheduler.onMeasured("a", { RAM: 52 }, 1);
    scheduler.onUnload("a", { force: false }, 2);
    scheduler.onModelGone("a", 2);
    scheduler.onRequest(ticket(1, "a"), 3);
    expect(scheduler.memory().used).toEqual({ RAM: 50 });
    scheduler.onEstimate("a", need(80), 4);
    scheduler.onModelDown("a", { kind: "failed", message: "x", retryAtMs: 5 }, 4);
    scheduler.onRequest(ticket(2, "a"), 6);
    expect(scheduler.memory().used).toEqual({ RAM: 80 });
  });

  test("gets as many slots as there is memory for, and leaves the others theirs", () => {
    const scheduler = create(["a", "b"]);
    scheduler.onStart(["a", "b"], 0);
    expect(words(scheduler.onEstimate("a", need(20, 8), 0))).toEqual([]);
    // 100 - 20 - 30 are left for more slots, and the first gets half of that.
    expect(words(scheduler.onEstimate("b", need(30, 8), 0))).toEqual(["proceed a 3", "proceed b 4"]);
    const alone = create(["a"]);
    alone.onRequest(ticket(1, "a"), 0);
    expect(words(alone.onEstimate("a", need(20, 8), 0))).toEqual(["proceed a 8"]);
  });

  test("whose load finds less memory than there should be is tried once more, with more room, then refused", () => {
    const scheduler = create(["a", "b"]);
    use(scheduler, "a", { id: 0, bytes: 40, at: 0 });
    scheduler.onRequest(ticket(1, "b"), 1);
    expect(words(scheduler.onEstimate("b", need(50), 1))).toEqual(["proceed b 1"]);
    const failed = { kind: "failed", message: "no memory", retryAtMs: 10, memory: true } as const;
    expect(words(scheduler.onModelDown("b", failed, 2))).toEqual([]);
    expect(scheduler.nextCheckMs()).toBe(10);
    // 62.5 are needed now.
    expect(words(scheduler.onCheck(10))).toEqual(["load b", "unload a room"]);
    scheduler.onModelGone("a", 11);
    expect(words(scheduler.onEstimate("b", need(50), 12))).toEqual(["proceed b 1"]);
    expect(words(scheduler.onModelDown("b", { ...failed, retryAtMs: 20 }, 13))).toEqual(["refuse 1 load-failed"]);
  });
});

describe("the start", () => {
  test("loads pinned models first, then in the order of the configuration as far as they fit", () => {
    const scheduler = create(["a", "b", { id: "c", pinned: true }]);
    expect(words(scheduler.onStart(["a", "b", "c"], 0))).toEqual(["load c", "load a", "load b"]);
    scheduler.onEstimate("a", need(50), 0);
    scheduler.onEstimate("b", need(50), 0);
    expect(scheduler.status("b").isStarting).toBe(true);
    expect(words(scheduler.onEstimate("c", need(40), 0))).toEqual(["proceed c 1", "proceed a 1", "unload b abandoned"]);
    expect(scheduler.status("b").isStarting).toBe(false);
  });

  test("waits for no model that must be downloaded first", () => {
    const scheduler = create(["a", "b"]);
    scheduler.onStart(["a", "b"], 0);
    scheduler.onEstimate("a", need(50), 0);
    expect(words(scheduler.onSlowEstimate("b", 1))).toEqual(["proceed a 1"]);
  });

  test("fails a model that does not fit even alone, and loads the others", () => {
    const scheduler = create(["a", "b"]);
    scheduler.onStart(["a", "b"], 0);
    scheduler.onEstimate("a", need(500), 0);
    expect(words(scheduler.onEstimate("b", need(50), 0))).toEqual(["reject a no-room", "proceed b 1"]);
  });

  test("has few processes that wait for room at a time, and gets to know all models all the same", () => {
    const ids = ["a", "b", "c", "d", "e", "f"];
    const scheduler = create(ids);
    const told = new Set<string>();
    const queue = words(scheduler.onStart(ids, 0));
    for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
      const [what, id = ""] = word.split(" ");
      if (what === "load") told.add(id);
      if (what === "load") queue.push(...words(scheduler.onEstimate(id, need(90), 0)));
      if (what === "unload") queue.push(...words(scheduler.onModelGone(id, 0)));
    }
    expect([...told].sort()).toEqual(ids);
    expect(ids.filter((id) => scheduler.status(id).isStarting)).toEqual(["a"]);
  });
});

describe("more models than processes that may wait for room", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const crowd = (): Scheduler => {
    const scheduler = create(ids);
    // "a" comes before the others in the order of the configuration, and is asked for last.
    for (const [index, id] of [...ids.slice(1), "a"].entries()) scheduler.onRequest(ticket(index + 1, id), 0);
    return scheduler;
  };

  test("one that has said what it takes is loaded where there is room, rather than ended for one that has not", () => {
    const scheduler = crowd();
    expect(words(scheduler.onEstimate("e", need(50), 1))).toEqual(["proceed e 1", "load a"]);
    expect(words(scheduler.onModelReady("e", { slots: 1 }, 2))).toEqual(["grant 4"]);
  });

  test("one that finds no room gives its place up, is not taken to be loading, and comes with its turn", () => {
    const scheduler = create(["r", ...ids]);
    use(scheduler, "r", { id: 10, bytes: 90, at: 0 });
    scheduler.onRequest(ticket(11, "r"), 0);
    for (const [index, id] of ids.entries()) scheduler.onRequest(ticket(index, id), 0);
    expect(words(scheduler.onEstimate("a", need(50), 1))).toEqual(["unload a abandoned", "load e"]);
    expect(words(scheduler.onFinished(11, 2))).toEqual([]);
    expect(words(scheduler.onModelGone("a", 151))).toEqual(["unload r room"]);
    expect(words(scheduler.onModelGone("r", 152))).toEqual(["load a"]);
    expect(words(scheduler.onEstimate("a", need(50), 153))).toEqual(["proceed a 1"]);
    // Nobody waits for it: it has a process to end, once.
    expect(words(scheduler.onCancel(0, 154))).toEqual(["unload a abandoned"]);
  });
});

describe("models in turn", () => {
  const pair = (): Scheduler => {
    const scheduler = create(["a", "b"]);
    use(scheduler, "a", { id: 0, bytes: 60, at: 0 });
    return scheduler;
  };

  test("a running answer is never cut: the model drains, and newcomers wait", () => {
    const scheduler = pair();
    scheduler.onRequest(ticket(1, "a"), 0);
    scheduler.onRequest(ticket(2, "b"), 0);
    expect(words(scheduler.onEstimate("b", need(60), 0))).toEqual([]);
    expect(scheduler.nextCheckMs()).toBe(100);
    expect(words(scheduler.onCheck(100))).toEqual([]);
    expect(words(scheduler.onRequest(ticket(3, "a"), 101))).toEqual([]);
    expect(words(scheduler.onFinished(1, 500))).toEqual(["unload a room"]);
    expect(words(scheduler.onModelGone("a", 501))).toContain("proceed b 1");
  });

  test("the turn of a model in use ends by time or by number, whichever comes first", () => {
    const byNumber = pair();
    byNumber.onRequest(ticket(1, "a"), 0);
    byNumber.onRequest(ticket(2, "b"), 0);
    byNumber.onEstimate("b", need(60), 0);
    for (const id of [3, 4]) {
      byNumber.onRequest(ticket(id, "a"), 1);
      expect(words(byNumber.onFinished(id - (id === 3 ? 2 : 1), 1))).toEqual([`grant ${id}`]);
    }
    byNumber.onRequest(ticket(5, "a"), 2);
    expect(words(byNumber.onFinished(4, 2))).toEqual(["grant 5"]);
    byNumber.onRequest(ticket(6, "a"), 2);
    expect(words(byNumber.onFinished(5, 3))).toEqual(["unload a room"]);
  });

  test("the time of a turn begins when the model is there, not while it was loaded", () => {
    const scheduler = pair();
    scheduler.onRequest(ticket(1, "b"), 0);
    scheduler.onEstimate("b", need(60), 0);
    scheduler.onRequest(ticket(2, "a"), 1);
    scheduler.onModelGone("a", 1);
    scheduler.onModelReady("b", { slots: 1 }, 1000);
    expect(scheduler.nextCheckMs()).toBe(1100);
  });

  test("an idle model whose last request has just ended is kept for a quarter of what its load took", () => {
    const scheduler = create(["a", "b"]);
    scheduler.onRequest(ticket(1, "a"), 0);
    scheduler.onEstimate("a", need(60), 0);
    scheduler.onModelReady("a", { slots: 1, loadMs: 40 }, 50);
    scheduler.onFinished(1, 60);
    scheduler.onRequest(ticket(2, "b"), 61);
    expect(words(scheduler.onEstimate("b", need(60), 61))).toEqual([]);
    expect(scheduler.nextCheckMs()).toBe(70);
    expect(words(scheduler.onCheck(70))).toEqual(["unload a room"]);
  });

  test("a model that was to leave stays when nobody wants its room any more", () => {
    const scheduler = pair();
    scheduler.onRequest(ticket(1, "a"), 0);
    scheduler.onRequest(ticket(2, "b"), 0);
    scheduler.onEstimate("b", need(60), 0);
    scheduler.onCheck(100);
    scheduler.onRequest(ticket(3, "a"), 101);
    scheduler.onFinished(1, 102);
    // It is gone for good once its process was told to end.
    expect(scheduler.status("a").isLeaving).toBe(true);
    const other = pair();
    other.onRequest(ticket(1, "a"), 0);
    other.onRequest(ticket(2, "b"), 0);
    other.onEstimate("b", need(60), 0);
    other.onCheck(100);
    other.onRequest(ticket(3, "a"), 101);
    expect(words(other.onCancel(2, 102))).toEqual(["unload b abandoned"]);
    expect(words(other.onFinished(1, 103))).toEqual(["grant 3"]);
  });

  test("what does not fit beside a model that has come first waits behind it", () => {
    const scheduler = create(["a", "b", "c"]);
    use(scheduler, "a", { id: 0, bytes: 90, at: 0 });
    scheduler.onRequest(ticket(1, "a"), 0);
    scheduler.onRequest(ticket(2, "b"), 1);
    scheduler.onEstimate("b", need(90), 1);
    scheduler.onRequest(ticket(3, "c"), 2);
    // There is room for it now, and there will not be when b comes.
    expect(words(scheduler.onEstimate("c", need(11), 2))).toEqual([]);
    scheduler.onFinished(1, 3);
    scheduler.onCheck(200);
    expect(words(scheduler.onModelGone("a", 201))).toEqual(["proceed b 1"]);
  });
});

describe("an unload on request", () => {
  test("waits for what runs; with force it does not", () => {
    const scheduler = create(["a"]);
    use(scheduler, "a", { id: 0, bytes: 50, at: 0 });
    scheduler.onRequest(ticket(1, "a"), 1);
    expect(words(scheduler.onUnload("a", { force: false }, 2))).toEqual([]);
    expect(words(scheduler.onFinished(1, 3))).toEqual(["unload a asked"]);
    scheduler.onModelGone("a", 4);
    use(scheduler, "a", { id: 2, bytes: 50, at: 5 });
    scheduler.onRequest(ticket(3, "a"), 6);
    expect(scheduler.onUnload("a", { force: true }, 7)).toContainEqual({
      type: "unload",
      model: "a",
      reason: "asked",
      force: true,
    });
  });

  test("with force refuses those who lose their answers by it, and does not bring the model back for them", () => {
    const scheduler = create(["a"]);
    use(scheduler, "a", { id: 0, bytes: 50, at: 0 });
    scheduler.onRequest(ticket(1, "a"), 1);
    scheduler.onUnload("a", { force: true }, 2);
    scheduler.onModelGone("a", 3);
    expect(words(scheduler.onLost(1, 4))).toEqual(["refuse 1 load-cancelled"]);
    // Who comes later does.
    expect(words(scheduler.onRequest(ticket(2, "a"), 5))).toEqual(["load a"]);
  });

  test("of a model that is being loaded refuses those who wait for it", () => {
    const scheduler = create(["a"]);
    scheduler.onRequest(ticket(1, "a"), 0);
    expect(words(scheduler.onUnload("a", { force: false }, 1))).toEqual(["refuse 1 load-cancelled", "unload a asked"]);
  });
});

test("a model that has grown beyond what there is makes an idle one leave, but not itself", () => {
  const scheduler = create(["a", "b"]);
  use(scheduler, "a", { id: 0, bytes: 40, at: 0 });
  use(scheduler, "b", { id: 1, bytes: 50, at: 1 });
  expect(words(scheduler.onMeasured("b", { RAM: 70 }, 2))).toEqual(["unload a room"]);
  scheduler.onModelGone("a", 3);
  expect(words(scheduler.onMeasured("b", { RAM: 170 }, 4))).toEqual([]);
});

test("a model that is still being downloaded at the start does not hold up the others", () => {
  const scheduler = create(["a", "b"]);
  expect(words(scheduler.onStart(["a", "b"], 0))).toEqual(["load a", "load b"]);
  expect(words(scheduler.onEstimate("b", need(20), 1))).toEqual([]);
  expect(words(scheduler.onSlowEstimate("a", 2))).toEqual(["proceed b 1"]);
});
