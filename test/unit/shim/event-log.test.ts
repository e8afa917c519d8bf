import { expect, test } from "vitest";
import { EventLog } from "../../../shim/responses/store/event-log.ts";

const never = new AbortController().signal;

test("gives every reader all from where it begins, whenever it comes", async () => {
  const log = new EventLog<number>();
  log.push(0);
  const early = Array.fromAsync(log.from(0, never));
  log.push(1);
  const late = Array.fromAsync(log.from(1, never));
  log.push(2);
  log.end();
  expect(await early).toEqual([0, 1, 2]);
  expect(await late).toEqual([1, 2]);
  expect(await Array.fromAsync(log.from(9, never))).toEqual([]);
});

test("lets a waiting reader go when its signal is aborted, already or then", async () => {
  const log = new EventLog<number>();
  const gone = new AbortController();
  const reading = Array.fromAsync(log.from(0, gone.signal));
  gone.abort(new Error("gone"));
  await expect(reading).rejects.toThrow("gone");
  await expect(Array.fromAsync(log.from(0, gone.signal))).rejects.toThrow("gone");
});
