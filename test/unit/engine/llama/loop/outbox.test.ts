import { expect, test } from "vitest";
import { Outbox } from "../../../../../services/engine/llama/loop/outbox.ts";

const nothing = (): void => {};

test("gives what was pushed, in order, then ends", async () => {
  const outbox = new Outbox<number>(nothing);
  outbox.push(1);
  outbox.push(2);
  outbox.end();
  expect(await Array.fromAsync(outbox)).toEqual([1, 2]);
});

test("wakes a reader that waits", async () => {
  const outbox = new Outbox<number>(nothing);
  const read = outbox[Symbol.asyncIterator]().next();
  outbox.push(7);
  expect(await read).toEqual({ value: 7, done: false });
});

test("a failure drops what was not read and is thrown once", async () => {
  const outbox = new Outbox<number>(nothing);
  outbox.push(1);
  outbox.fail(new Error("gone"));
  const reader = outbox[Symbol.asyncIterator]();
  await expect(reader.next()).rejects.toThrow("gone");
  expect(await reader.next()).toEqual({ value: undefined, done: true });
});

test("a failure reaches a reader that waits", async () => {
  const outbox = new Outbox<number>(nothing);
  const reader = outbox[Symbol.asyncIterator]();
  const read = reader.next();
  outbox.fail(new Error("gone"));
  await expect(read).rejects.toThrow("gone");
  expect((await reader.next()).done).toBe(true);
});

test("what comes after the end is dropped", async () => {
  const outbox = new Outbox<number>(nothing);
  outbox.end();
  outbox.push(1);
  outbox.fail(new Error("late"));
  expect(await Array.fromAsync(outbox)).toEqual([]);
});

test("tells when the reader has caught up", async () => {
  let caughtUp = 0;
  const outbox = new Outbox<number>(() => caughtUp++);
  outbox.push(1);
  outbox.push(2);
  const reader = outbox[Symbol.asyncIterator]();
  await reader.next();
  expect([caughtUp, outbox.size]).toEqual([0, 1]);
  await reader.next();
  expect([caughtUp, outbox.size]).toEqual([1, 0]);
});
