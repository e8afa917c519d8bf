import { expect, test } from "vitest";
import { Outbox } from "../../../../../services/engine/llama/loop/outbox.ts";

const nothing = (): void => {};

test("gives what was pushed, in order, then ends", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  outbox.push(1);
  outbox.push(2);
  outbox.end();
  expect(await Array.fromAsync(outbox)).toEqual([1, 2]);
});

test("wakes a reader that waits when told to deliver, and not before", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  let isRead = false;
  const read = outbox[Symbol.asyncIterator]()
    .next()
    .finally(() => {
      isRead = true;
    });
  outbox.push(7);
  await Promise.resolve();
  expect(isRead).toBe(false);
  outbox.deliver();
  expect(await read).toEqual({ value: 7, done: false });
});

test("wakes a reader that waits for the end", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  const read = outbox[Symbol.asyncIterator]().next();
  outbox.end();
  outbox.deliver();
  expect((await read).done).toBe(true);
});

test("merges what can be said in one, and counts all of it", async () => {
  const merge = (a: string, b: string) => (a === "|" || b === "|" ? undefined : a + b);
  const outbox = new Outbox<string>({ onTaken: nothing, merge, weigh: (item) => item.length });
  for (const item of ["a", "b", "|", "c"]) outbox.push(item);
  expect(outbox.size).toBe(4);
  outbox.end();
  expect(await Array.fromAsync(outbox)).toEqual(["ab", "|", "c"]);
});

test("a failure drops what was not read and is thrown once", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  outbox.push(1);
  outbox.fail(new Error("gone"));
  const reader = outbox[Symbol.asyncIterator]();
  await expect(reader.next()).rejects.toThrow("gone");
  expect(await reader.next()).toEqual({ value: undefined, done: true });
});

test("a failure reaches a reader that waits", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  const reader = outbox[Symbol.asyncIterator]();
  const read = reader.next();
  outbox.fail(new Error("gone"));
  await expect(read).rejects.toThrow("gone");
  expect((await reader.next()).done).toBe(true);
});

test("what comes after the end is dropped", async () => {
  const outbox = new Outbox<number>({ onTaken: nothing });
  outbox.end();
  outbox.push(1);
  outbox.fail(new Error("late"));
  expect(await Array.fromAsync(outbox)).toEqual([]);
});

test("tells when the reader has caught up", async () => {
  let caughtUp = 0;
  const outbox = new Outbox<number>({ onTaken: () => caughtUp++ });
  outbox.push(1);
  outbox.push(2);
  const reader = outbox[Symbol.asyncIterator]();
  await reader.next();
  expect([caughtUp, outbox.size]).toEqual([0, 1]);
  await reader.next();
  expect([caughtUp, outbox.size]).toEqual([1, 0]);
});
