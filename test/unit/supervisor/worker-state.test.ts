import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backoffMs,
  nextWorkerState,
  workerLimits,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerLimits,
  type WorkerState,
} from "../../../services/supervisor/worker-state.ts";

const limits: WorkerLimits = { ...workerLimits, stallMs: 1000, healthyMs: 60_000, graceMs: 5000, loadCrashes: 3 };

/** Plays events from a fresh worker; the effects are those of the last one. */
function play(...events: WorkerEvent[]): { state: WorkerState; effects: readonly WorkerEffect[] } {
  let step: { state: WorkerState; effects: readonly WorkerEffect[] } = { state: { name: "unloaded" }, effects: [] };
  for (const event of events) step = nextWorkerState(step.state, event, limits);
  return step;
}

const demand: WorkerEvent = { type: "demand", nowMs: 0 };
const ready: WorkerEvent = { type: "ready" };
const timer: WorkerEvent = { type: "timer" };
const stop: WorkerEvent = { type: "stop" };
const exited = (nowMs = 0): WorkerEvent => ({ type: "exited", how: "was killed by SIGKILL", used: false, nowMs });

describe("a worker", () => {
  test("a process that requests end comes back at once each time, one that ends by itself later each time", () => {
    const failuresAfter = (used: boolean) => {
      const dead: WorkerEvent = { type: "exited", how: "was killed by SIGKILL", used, nowMs: 0 };
      return play(demand, ready, dead, timer, ready, dead, timer, ready, dead).state;
    };
    expect(failuresAfter(true)).toMatchObject({ name: "backoff", failures: 1 });
    expect(failuresAfter(false)).toMatchObject({ name: "backoff", failures: 3 });
  });

  test("is started by the first demand, and by no other while it lives", () => {
    expect(play(demand)).toEqual({
      state: { name: "starting", failures: 0, loadCrashes: 0 },
      effects: [{ type: "spawn" }, { type: "timer", ms: 1000 }],
    });
    expect(play(demand, demand).effects).toEqual([]);
    expect(play(demand, ready, demand).effects).toEqual([]);
  });

  test("that crashes is started again, after pauses that double with each crash in a row", () => {
    const crashed = play(demand, ready, exited());
    expect(crashed.state).toMatchObject({ name: "backoff", failures: 1, message: "its process was killed by SIGKILL" });
    expect(crashed.effects).toEqual([{ type: "timer", ms: 100 }]);
    expect(play(demand, ready, exited(), timer).effects[0]).toEqual({ type: "spawn" });
    expect(play(demand, ready, exited(), timer, ready, exited()).effects).toEqual([{ type: "timer", ms: 200 }]);
  });

  test("that was healthy for a while is forgiven its crashes", () => {
    expect(play(demand, ready, exited(), timer, ready, timer, exited()).effects).toEqual([{ type: "timer", ms: 100 }]);
  });

  test("that says it cannot load is ended, and tried again on demand when the pause is over", () => {
    const failed: WorkerEvent = { type: "loadFailed", message: "no GGUF file" };
    expect(play(demand, failed)).toMatchObject({ state: { name: "failing" }, effects: [{ type: "kill" }] });
    const state = { name: "failed", failures: 1, message: "no GGUF file", retryAtMs: 150 };
    expect(play(demand, failed, exited(50)).state).toEqual(state);
    expect(play(demand, failed, exited(50), { type: "demand", nowMs: 149 })).toEqual({ state, effects: [] });
    expect(play(demand, failed, exited(50), { type: "demand", nowMs: 150 }).effects[0]).toEqual({ type: "spawn" });
  });

  test("that crashes while it loads is tried three times, then only on demand", () => {
    const crashes = [demand, exited(), timer, exited(), timer];
    expect(play(...crashes).state).toEqual({ name: "starting", failures: 2, loadCrashes: 2 });
    expect(play(...crashes, exited(7)).state).toEqual({
      name: "failed",
      failures: 3,
      message: "its process was killed by SIGKILL while it was loading",
      retryAtMs: 7 + 400,
    });
  });

  test("that crashes in turn while it loads and when it is ready is not given up", () => {
    const inTurn = [exited(), timer, ready, exited(), timer];
    expect(play(demand, ...inTurn, ...inTurn, exited()).state.name).toBe("backoff");
  });

  test("whose load makes no progress for too long is killed; progress starts the time again", () => {
    expect(play(demand, { type: "progress" }).effects).toEqual([{ type: "timer", ms: 1000 }]);
    expect(play(demand, timer)).toMatchObject({
      state: { name: "failing", message: "its load made no progress for 1 s" },
      effects: [{ type: "kill" }],
    });
  });

  test("that waits for room may wait for ever, and has the time of a load from when there is some", () => {
    const prepared: WorkerEvent = { type: "prepared" };
    expect(play(demand, prepared)).toEqual({ state: { name: "prepared", failures: 0, loadCrashes: 0 }, effects: [] });
    expect(play(demand, prepared, timer).state.name).toBe("prepared");
    expect(play(demand, prepared, { type: "proceed" })).toEqual({
      state: { name: "starting", failures: 0, loadCrashes: 0 },
      effects: [{ type: "timer", ms: 1000 }],
    });
    expect(play(demand, prepared, { type: "loadFailed", message: "no room" }, exited(5)).state).toMatchObject({
      name: "failed",
      message: "no room",
    });
    expect(play(demand, prepared, exited()).state.name).toBe("backoff");
  });

  test("that was told to end by somebody else finishes, and is started again at once", () => {
    const closing: WorkerEvent = { type: "closing" };
    expect(play(demand, ready, closing)).toEqual({ state: { name: "draining" }, effects: [] });
    expect(play(demand, ready, closing, exited()).effects[0]).toEqual({ type: "spawn" });
    expect(play(demand, ready, closing, stop).state).toEqual({ name: "stopping" });
  });

  describe("that nobody uses", () => {
    const unload: WorkerEvent = { type: "unload", force: false };
    const unloading = play(demand, ready, unload);

    test("is asked to end, and killed when it does not; then the next demand starts another, as if it were the first", () => {
      expect(unloading).toEqual({
        state: { name: "unloading", wanted: false },
        effects: [{ type: "terminate" }, { type: "timer", ms: 5000 }],
      });
      expect(play(demand, ready, unload, { type: "closing" }).state).toEqual(unloading.state);
      expect(play(demand, ready, unload, timer).effects).toEqual([{ type: "kill" }]);
      expect(play(demand, ready, unload, exited())).toEqual({ state: { name: "unloaded" }, effects: [] });
      expect(play(demand, ready, exited(), timer, ready, unload, exited(), demand)).toEqual(play(demand));
    });

    test("but is asked for while it ends is started again when it has", () => {
      expect(play(demand, ready, unload, demand).effects).toEqual([]);
      expect(play(demand, ready, unload, demand, exited())).toEqual(play(demand));
    });

    test("is not asked to end again when it is stopped meanwhile", () => {
      expect(play(demand, ready, unload, stop)).toEqual({
        state: { name: "stopping" },
        effects: [{ type: "timer", ms: 5000 }],
      });
      expect(play(demand, ready, unload, demand, stop, exited()).state).toEqual({ name: "stopped" });
    });

    test("is killed with force, and while it loads or waits for room, as nothing runs that could finish", () => {
      const killed = { state: { name: "unloading", wanted: false }, effects: [{ type: "kill" }] };
      expect(play(demand, ready, { type: "unload", force: true })).toEqual(killed);
      expect(play(demand, unload)).toEqual(killed);
      expect(play(demand, { type: "prepared" }, unload)).toEqual(killed);
      expect(play(demand, ready, unload, { type: "unload", force: true }).effects).toEqual([{ type: "kill" }]);
    });

    test("does not come back from a pause, and is left alone where it has no process", () => {
      expect(play(demand, ready, exited(), unload)).toEqual({ state: { name: "unloaded" }, effects: [] });
      for (const events of [[], [demand, stop]] as WorkerEvent[][])
        expect(play(...events, unload)).toEqual({ state: play(...events).state, effects: [] });
    });
  });

  test("that is stopped is asked to end, and killed when it does not", () => {
    expect(play(demand, ready, stop).effects).toEqual([{ type: "terminate" }, { type: "timer", ms: 5000 }]);
    expect(play(demand, ready, stop, timer).effects).toEqual([{ type: "kill" }]);
    expect(play(demand, ready, stop, timer, exited()).state).toEqual({ name: "stopped" });
  });

  test.each([
    ["unloaded", []],
    ["failed", [demand, { type: "loadFailed", message: "x" }, exited()]],
    ["backoff", [demand, ready, exited()]],
  ] as [string, WorkerEvent[]][])("that is %s has no process to stop", (_, events) => {
    expect(play(...events, stop)).toEqual({ state: { name: "stopped" }, effects: [] });
  });

  test("that is stopped stays so, whatever comes", () => {
    for (const event of [demand, ready, timer, exited(), stop]) {
      expect(play(demand, stop, exited(), event)).toEqual({ state: { name: "stopped" }, effects: [] });
    }
  });
});

test("pauses grow from 0.1 s to 30 s", () => {
  expect([1, 2, 3, 9, 10, 100].map(backoffMs)).toEqual([100, 200, 400, 25_600, 30_000, 30_000]);
});

test("has at most one process, and is never without a way on, through any events that can happen", () => {
  const choice = fc.constantFrom(
    "demand",
    "progress",
    "prepared",
    "proceed",
    "ready",
    "loadFailed",
    "closing",
    "exited",
    "timer",
    "stop",
    "unload",
  );
  fc.assert(
    fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
      let state: WorkerState = { name: "unloaded" };
      let alive = false;
      let timed = false;
      for (const [i, type] of choices.entries()) {
        // A process that does not run says nothing, and a timer that is not set does not fire.
        if (!alive && ["progress", "prepared", "proceed", "ready", "closing", "exited"].includes(type)) continue;
        if (!timed && type === "timer") continue;
        const details = { nowMs: i * 1000, message: "m", how: "h", force: i % 2 === 0 };
        const step = nextWorkerState(state, { type, ...details } as WorkerEvent, limits);
        if (type === "exited") alive = false;
        if (step.state.name !== state.name || type === "timer") timed = false;
        for (const effect of step.effects) {
          if (effect.type === "timer") timed = true;
          if (effect.type !== "spawn") continue;
          expect(alive).toBe(false);
          alive = true;
        }
        state = step.state;
        const processLess = ["unloaded", "failed", "backoff", "stopped"].includes(state.name);
        expect(alive).toBe(!processLess);
        // A pause without a timer would never end.
        expect(state.name === "backoff" && !timed).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});
