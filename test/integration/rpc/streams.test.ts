import { once } from "node:events";
import { Client, type ClientReadableStream, type ClientUnaryCall, credentials, type StatusObject } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { ErrorReason, RpcError, type ChatResponse } from "../../../clients/index.ts";
import type { CallContext } from "../../../services/rpc/call/call-context.ts";
import { aborted, collect, isInProcess, rejection, startRpc, textEvent } from "../../support/rpc.ts";

const texts = (events: ChatResponse[]) => events.map(({ event }) => (event.case === "text" ? event.value.text : event));

describe("a stream of answers", () => {
  test("arrives whole and in order, and ends", async () => {
    let context: CallContext | undefined;
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat(request, call) {
        context = call;
        try {
          for (let i = 0; i < 100; i++) yield textEvent(`${request.model}${i}`);
        } finally {
          left.resolve();
        }
      },
    });
    const events = await collect(rpc.client.inference.chat({ model: "m" }));
    expect(texts(events)).toEqual(Array.from({ length: 100 }, (_, i) => `m${i}`));
    await left.promise;
    await rpc.server.close(1_000);
    expect(context?.signal.aborted, "a call that ended well is not aborted").toBe(false);
    expect(rpc.bugs).toEqual([]);
  });

  test("stops on the server when the consumer breaks", async () => {
    const reason = Promise.withResolvers<unknown>();
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        try {
          yield textEvent("first");
          reason.resolve(await aborted(signal));
        } finally {
          left.resolve();
        }
      },
    });
    for await (const { event } of rpc.client.inference.chat({})) {
      expect(event.case).toBe("text");
      break;
    }
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    await left.promise;
    expect(rpc.bugs).toEqual([]);
  });

  test("ends a waiting next() when its iterator is returned", async () => {
    const started = Promise.withResolvers<void>();
    const left = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      // oxlint-disable-next-line require-yield
      async *chat(_request, { signal }) {
        started.resolve();
        left.resolve(await aborted(signal));
      },
    });
    const iterator = rpc.client.inference.chat({})[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await started.promise;
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await left.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  test("rejects a waiting next() with the signal's reason, and aborts the handler", async () => {
    const waiting = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        yield textEvent("first");
        waiting.resolve();
        reason.resolve(await aborted(signal));
        throw signal.reason;
      },
    });
    const controller = new AbortController();
    const iterator = rpc.client.inference.chat({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await iterator.next();
    await waiting.promise;
    const next = iterator.next();
    const why = new Error("the reader went home");
    controller.abort(why);
    expect(await rejection(next)).toBe(why);
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(rpc.bugs).toEqual([]);
  });

  test("drops what has arrived when the signal is aborted between two next()", async () => {
    await using rpc = await startRpc({
      async *chat() {
        for (let i = 0; i < 10; i++) yield textEvent(`${i}`);
      },
    });
    const controller = new AbortController();
    const iterator = rpc.client.inference.chat({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    expect(await rejection(Promise.resolve(iterator.next()))).toBe(controller.signal.reason);
  });

  test("is never opened when the signal is already aborted", async () => {
    let calls = 0;
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent(`call ${++calls}`);
      },
      tokenize: async () => ({ tokens: [] }),
    });
    const signal = AbortSignal.abort(new Error("too late"));
    expect(await rejection(collect(rpc.client.inference.chat({}, { signal })))).toBe(signal.reason);
    // Calls on one connection arrive in order: when this one has been answered, the other would have been.
    await rpc.client.inference.tokenize({});
    expect(calls).toBe(0);
  });

  test("is never opened when it is never read", async () => {
    let calls = 0;
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent(`call ${++calls}`);
      },
      tokenize: async () => ({ tokens: [] }),
    });
    const stream = rpc.client.inference.chat({});
    await stream[Symbol.asyncIterator]().return?.();
    await rpc.client.inference.tokenize({});
    expect(calls).toBe(0);
    expect(await collect(stream)).toEqual([]);
  });

  test("throws what the handler throws before its first message", async () => {
    await using rpc = await startRpc({
      // oxlint-disable-next-line require-yield
      async *chat() {
        throw new RpcError(ErrorReason.OVERLOADED, "the queue is full", { retryAfterMs: 250 });
      },
    });
    const error = await rejection(collect(rpc.client.inference.chat({})));
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ reason: ErrorReason.OVERLOADED, message: "the queue is full", retryAfterMs: 250 });
  });

  test("throws what the handler throws after its messages, which all arrive", async () => {
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent("a");
        yield textEvent("b");
        throw new RpcError(ErrorReason.WORKER_LOST, "the worker died");
      },
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { event } of rpc.client.inference.chat({}))
        if (event.case === "text") seen.push(event.value.text);
    })();
    expect(await rejection(reading)).toMatchObject({ reason: ErrorReason.WORKER_LOST, message: "the worker died" });
    expect(seen).toEqual(["a", "b"]);
  });

  test("a bug in the handler is reported whole and reaches the caller as internal error", async () => {
    const bug = new TypeError("secret.path is not a function");
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent("a");
        throw bug;
      },
    });
    const error = await rejection(collect(rpc.client.inference.chat({}, { metadata: { "x-request-id": "req-1" } })));
    expect(error).toMatchObject({ reason: ErrorReason.INTERNAL, message: "internal error" });
    expect(rpc.bugs).toMatchObject([
      { error: bug, context: { requestId: "req-1", method: "tokenwire.v1.InferenceService/Chat" } },
    ]);
    expect(rpc.bugs[0]?.error).toBe(bug);
  });

  test.skipIf(isInProcess)("a message that cannot be encoded is a bug, and the handler is returned", async () => {
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat() {
        try {
          yield { choice: -1 };
        } finally {
          left.resolve();
        }
      },
    });
    expect(await rejection(collect(rpc.client.inference.chat({})))).toMatchObject({ reason: ErrorReason.INTERNAL });
    await left.promise;
    expect(rpc.bugs).toHaveLength(1);
  });

  test("a bug in the handler's cleanup after a cancel is reported too", async () => {
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        try {
          yield textEvent("a");
          await aborted(signal);
        } finally {
          left.resolve();
          // oxlint-disable-next-line no-unsafe-finally
          throw new Error("cleanup failed");
        }
      },
    });
    for await (const _ of rpc.client.inference.chat({})) break;
    await left.promise;
    await rpc.server.close(1_000);
    expect(rpc.bugs).toMatchObject([{ error: { message: "cleanup failed" } }]);
  });
});

describe("a slow consumer", () => {
  const kilobytes = "x".repeat(8 * 1024);

  test("slows the handler down instead of filling memory, and gets everything", async () => {
    let produced = 0;
    const total = 200;
    await using rpc = await startRpc({
      async *chat() {
        for (; produced < total; produced++) yield textEvent(kilobytes);
      },
      tokenize: async () => ({ tokens: [produced] }),
    });
    const iterator = rpc.client.inference.chat({})[Symbol.asyncIterator]();
    await iterator.next();
    // Each answer is a turn of both loops; when none of them moves the handler any more, it waits for its reader.
    let ahead = -1;
    while (ahead !== produced) {
      ahead = produced;
      for (let i = 0; i < 5; i++) await rpc.client.inference.tokenize({});
    }
    expect(ahead).toBeLessThan(total / 2);
    let received = 1;
    while (!(await iterator.next()).done) received++;
    expect(received).toBe(total);
  });

  test("that reads nothing for stallTimeoutMs is cut off, and the handler is returned", async () => {
    const reason = Promise.withResolvers<unknown>();
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc(
      {
        async *chat(_request, { signal }) {
          signal.addEventListener("abort", () => reason.resolve(signal.reason));
          try {
            for (;;) yield textEvent(kilobytes);
          } finally {
            left.resolve();
          }
        },
      },
      { stallTimeoutMs: 50 },
    );
    const iterator = rpc.client.inference.chat({})[Symbol.asyncIterator]();
    await iterator.next();
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.RATE_LIMITED });
    await left.promise;
    const rest = (async () => {
      while (!(await iterator.next()).done);
    })();
    expect(await rejection(rest)).toMatchObject({ reason: ErrorReason.RATE_LIMITED });
  });

  test.skipIf(isInProcess)("that never reads the end of a finished call is cut off too", async () => {
    const done = Promise.withResolvers<void>();
    await using rpc = await startRpc(
      {
        async *chat() {
          // The client's library takes 16 messages ahead; of the rest, less than 16 wait on the server.
          for (let i = 0; i < 28; i++) yield textEvent(kilobytes.repeat(8));
          done.resolve();
        },
      },
      { stallTimeoutMs: 50 },
    );
    const iterator = rpc.client.inference.chat({})[Symbol.asyncIterator]();
    await iterator.next();
    await done.promise;
    // The stream would keep the connection open for all of the grace.
    const before = performance.now();
    await rpc.server.close(10_000);
    expect(performance.now() - before).toBeLessThan(5_000);
    await iterator.return?.();
  });
});

test("a handler's trailers come with the status of a call that ends well", async () => {
  await using rpc = await startRpc({
    async *chat(_request, { addTrailer }) {
      addTrailer("warning", "one");
      yield { event: { case: "text", value: { text: "a" } } };
      addTrailer("warning", "two");
    },
    tokenize: async (_request, { addTrailer }) => {
      addTrailer("warning", "three");
      return {};
    },
  });
  const client = new Client(rpc.address, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const trailersOf = async (call: ClientReadableStream<Buffer> | ClientUnaryCall): Promise<unknown> => {
    const [status] = (await once(call, "status")) as [StatusObject];
    return status.metadata.get("warning");
  };
  const none = Buffer.alloc(0);
  const chat = client.makeServerStreamRequest("/tokenwire.v1.InferenceService/Chat", asIs, asIs, none);
  chat.resume();
  expect(await trailersOf(chat)).toEqual(["one, two"]);
  const tokenize = client.makeUnaryRequest("/tokenwire.v1.InferenceService/Tokenize", asIs, asIs, none, () => {});
  expect(await trailersOf(tokenize)).toEqual(["three"]);
  client.close();
});
