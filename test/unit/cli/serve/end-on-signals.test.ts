import process from "node:process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pino } from "pino";
import { endOnSignals } from "../../../../cli/serve/end-on-signals.ts";

const names = ["SIGINT", "SIGTERM", "disconnect"] as const;
let before: Record<string, readonly Function[]>;
beforeEach(() => {
  before = Object.fromEntries(names.map((name) => [name, process.listeners(name as "SIGINT")]));
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  for (const name of names) {
    const ours = process.listeners(name as "SIGINT").filter((listener) => !before[name]?.includes(listener));
    for (const listener of ours) process.removeListener(name, listener);
  }
  vi.useRealTimers();
});

function start(close: (graceMs: number) => Promise<void> = () => new Promise(() => {})) {
  const exit = vi.fn<(code: number) => void>();
  const closing = vi.fn<(graceMs: number) => Promise<void>>(close);
  const ending = endOnSignals({ log: pino({ level: "silent" }), graceMs: 30_000, close: closing, exit });
  // To our listener alone: the test runner has its own.
  const send = (name: (typeof names)[number]): void => {
    const ours = process.listeners(name as "SIGINT").filter((listener) => !before[name]?.includes(listener));
    for (const listener of ours) listener(name as NodeJS.Signals);
  };
  return { exit, closing, ending, send };
}

test("a signal that npm or a group passes on again is no second one", () => {
  const { closing, exit, send } = start();
  send("SIGINT");
  vi.advanceTimersByTime(500);
  send("SIGINT");
  send("SIGTERM");
  expect(closing.mock.calls).toEqual([[30_000]]);
  expect(exit).not.toHaveBeenCalled();
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a later %s ends at once with %i", (signal, code) => {
  const { exit, send } = start();
  send("SIGTERM");
  vi.advanceTimersByTime(501);
  send(signal);
  expect(exit.mock.calls).toEqual([[code]]);
});

test("a graceful end exits with 0, one that fails with 1", async () => {
  const well = start(async () => {});
  well.send("SIGTERM");
  await vi.waitFor(() => expect(well.exit.mock.calls).toEqual([[0]]));
  const badly = start(() => Promise.reject(new Error("a bug")));
  await badly.ending.begin(0, 0);
  expect(badly.exit.mock.calls).toEqual([[1]]);
});

test("the end of the launcher is an end without a grace, also of a graceful one", () => {
  const alone = start();
  alone.send("disconnect");
  expect(alone.closing.mock.calls).toEqual([[0]]);
  const graceful = start();
  graceful.send("SIGINT");
  graceful.send("disconnect");
  expect(graceful.exit.mock.calls).toEqual([[1]]);
});
