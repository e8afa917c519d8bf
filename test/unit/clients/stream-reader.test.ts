import { getEventListeners } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { readStream } from "../../../clients/stream-reader.ts";
import { collect, rejection } from "../../support/rpc.ts";

/** A call's messages as the library has them; `cancel` ends it with an error, as the library does. */
class Source extends Readable {
  cancelled = 0;

  constructor() {
    super({ objectMode: true, read: () => {} });
  }

  cancel(): void {
    this.cancelled++;
    this.fail(new Error("cancelled"));
  }

  /** The end of a call that failed: the library says so on top of the stream's own end. */
  fail(error: Error): void {
    this.push(null);
    this.emit("error", error);
  }
}

function open(signal?: AbortSignal) {
  const source = new Source();
  let opened = 0;
  const stream = readStream<string>(
    () => {
      opened++;
      return source;
    },
    { signal, toError: (error) => new Error("mapped", { cause: error }) },
  );
  return { source, stream, opened: () => opened };
}

describe("readStream", () => {
  test("gives the messages and ends", async () => {
    const { source, stream } = open();
    source.push("a");
    const read = collect(stream);
    source.push("b");
    source.push(null);
    expect(await read).toEqual(["a", "b"]);
  });

  test("opens the call with the first next(), once", async () => {
    const { source, stream, opened } = open();
    expect(opened()).toBe(0);
    source.push("a");
    source.push("b");
    await stream.next();
    await stream.next();
    expect(opened()).toBe(1);
  });

  test("cancels on break, and an error after that hurts nobody", async () => {
    const { source, stream } = open();
    source.push("a");
    for await (const _ of stream) break;
    expect(source.cancelled).toBeGreaterThan(0);
    source.emit("error", new Error("late"));
  });

  test("ends a waiting next() on return()", async () => {
    const { source, stream } = open();
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(source.cancelled).toBeGreaterThan(0);
  });

  test("rejects a waiting next() with the signal's reason", async () => {
    const controller = new AbortController();
    const { source, stream } = open(controller.signal);
    const waiting = rejection(stream.next());
    controller.abort("enough");
    expect(await waiting).toBe("enough");
    expect(source.cancelled).toBeGreaterThan(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("never opens a call for a signal that is already aborted", async () => {
    const { stream, opened } = open(AbortSignal.abort("before"));
    expect(await rejection(stream.next())).toBe("before");
    expect(opened()).toBe(0);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("throws the mapped error after the messages before it", async () => {
    const { source, stream } = open();
    const first = stream.next();
    source.push("a");
    const error = new Error("the worker died");
    source.fail(error);
    expect(await first).toEqual({ done: false, value: "a" });
    expect(await rejection(stream.next())).toMatchObject({ message: "mapped", cause: error });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("leaves what it was not asked for in the source", async () => {
    const { source, stream } = open();
    for (let i = 0; i < 100; i++) source.push(`${i}`);
    await stream.next();
    expect(source.readableLength).toBe(99);
  });
});
