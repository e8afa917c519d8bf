import { EventEmitter, getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { pump, type PumpOptions } from "../../../../services/rpc/call/pump.ts";
import { rejection } from "../../../support/rpc.ts";

/** A sink that takes `room` messages, then says no until it is drained. */
class Sink extends EventEmitter {
  readonly written: string[] = [];
  /** To be called when a message is on its way. */
  readonly sent: (() => void)[] = [];
  room: number;
  readonly full = Promise.withResolvers<void>();

  constructor(room = Infinity) {
    super();
    this.room = room;
  }

  write(message: Buffer, sent: () => void): boolean {
    this.sent.push(sent);
    this.written.push(message.toString());
    const more = --this.room > 0;
    if (!more) this.full.resolve();
    return more;
  }

  drain(room: number): void {
    this.room = room;
    this.emit("drain");
  }
}

function options(signal: AbortSignal, more: Partial<PumpOptions<string>> = {}): PumpOptions<string> {
  return {
    encode: (text) => Buffer.from(text),
    signal,
    stallTimeoutMs: 30_000,
    onSent: () => {},
    onStall: () => {
      throw new Error("the test did not expect a stall");
    },
    ...more,
  };
}

/** Yields letters for ever; `left` settles when it is returned. */
function letters() {
  const left = Promise.withResolvers<void>();
  let produced = 0;
  async function* stream() {
    try {
      for (;;) yield String.fromCharCode(97 + produced++);
    } finally {
      left.resolve();
    }
  }
  return { stream: stream(), left: left.promise, produced: () => produced };
}

describe("pump", () => {
  test("writes everything and leaves nothing behind", async () => {
    const sink = new Sink();
    const { signal } = new AbortController();
    async function* stream() {
      yield "a";
      yield "b";
    }
    await pump(stream(), sink, options(signal));
    expect(sink.written).toEqual(["a", "b"]);
    expect(sink.eventNames()).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("asks for the next message only when the sink has drained", async () => {
    const sink = new Sink(2);
    const controller = new AbortController();
    const { stream, produced } = letters();
    const pumping = rejection(pump(stream, sink, options(controller.signal)));
    await sink.full.promise;
    await new Promise(setImmediate);
    expect(produced()).toBe(2);
    sink.drain(3);
    await new Promise(setImmediate);
    expect(produced()).toBe(5);
    controller.abort();
    await pumping;
    expect(sink.eventNames()).toEqual([]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("leaves a wait for drain when the signal is aborted, and returns the stream", async () => {
    const sink = new Sink(1);
    const controller = new AbortController();
    const { stream, left } = letters();
    const pumping = rejection(pump(stream, sink, options(controller.signal)));
    await sink.full.promise;
    controller.abort();
    expect(await pumping).toBe(controller.signal.reason);
    await left;
  });

  test("does not start a stream when the signal is already aborted", async () => {
    const { stream, produced } = letters();
    const signal = AbortSignal.abort();
    expect(await rejection(pump(stream, new Sink(), options(signal)))).toBe(signal.reason);
    expect(produced()).toBe(0);
  });

  test("writes nothing that arrives after the abort", async () => {
    const sink = new Sink();
    const controller = new AbortController();
    const gate = Promise.withResolvers<void>();
    async function* stream() {
      await gate.promise;
      yield "late";
    }
    const pumping = rejection(pump(stream(), sink, options(controller.signal)));
    controller.abort();
    gate.resolve();
    expect(await pumping).toBe(controller.signal.reason);
    expect(sink.written).toEqual([]);
  });

  test("ends the waiting of a stream that can be returned while it waits", async () => {
    const controller = new AbortController();
    const waiting = Promise.withResolvers<IteratorResult<string>>();
    const stream: AsyncIterableIterator<string> = {
      next: () => waiting.promise,
      return: async () => {
        waiting.resolve({ done: true, value: undefined });
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const pumping = rejection(pump(stream, new Sink(), options(controller.signal)));
    controller.abort();
    expect(await pumping).toBe(controller.signal.reason);
  });

  test("tells that the reader stalls, and waits on for the signal", async () => {
    const controller = new AbortController();
    const { stream, left } = letters();
    const onStall = () => controller.abort("stalled");
    const pumping = pump(stream, new Sink(1), options(controller.signal, { stallTimeoutMs: 1, onStall }));
    expect(await rejection(pumping)).toBe("stalled");
    await left;
  });

  test("begins a slow reader's time anew with each message that it takes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const controller = new AbortController();
    const sink = new Sink(3);
    const onStall = () => controller.abort("stalled");
    const pumping = rejection(
      pump(letters().stream, sink, options(controller.signal, { stallTimeoutMs: 100, onStall })),
    );
    await sink.full.promise;
    for (const sent of sink.sent) {
      await vi.advanceTimersByTimeAsync(99);
      sent();
    }
    expect(controller.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(await pumping).toBe("stalled");
    vi.useRealTimers();
  });

  test("lets a reader without a limit take its time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sink = new Sink(1);
    const controller = new AbortController();
    const pumping = rejection(pump(letters().stream, sink, options(controller.signal, { stallTimeoutMs: undefined })));
    await sink.full.promise;
    expect(vi.getTimerCount()).toBe(0);
    controller.abort("left");
    expect(await pumping).toBe("left");
    vi.useRealTimers();
  });

  test("throws what the stream throws, after what it gave", async () => {
    const failure = new Error("producer failed");
    async function* stream() {
      yield "a";
      throw failure;
    }
    const sink = new Sink();
    expect(await rejection(pump(stream(), sink, options(new AbortController().signal)))).toBe(failure);
    expect(sink.written).toEqual(["a"]);
  });

  test("returns the stream when a message cannot be encoded", async () => {
    const { stream, left } = letters();
    const encode = () => {
      throw new Error("no such field");
    };
    const pumping = pump(stream, new Sink(), options(new AbortController().signal, { encode }));
    expect(await rejection(pumping)).toMatchObject({ message: "no such field" });
    await left;
  });
});
