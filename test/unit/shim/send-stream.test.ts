import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, test } from "vitest";
import { jsonLines, namedEvents, plainEvents } from "../../../shim/dialect/stream-format.ts";
import { sendStream, type SendStreamOptions } from "../../../shim/send-stream.ts";

interface Setup extends AsyncDisposable {
  /** Sends the source to one client, whose raw bytes are collected. */
  readonly socket: Socket;
  readonly received: () => string;
  /** How `sendStream` ended. */
  readonly outcome: Promise<unknown>;
  readonly res: ServerResponse;
  readonly gone: AbortController;
}

/** A server whose one request is answered by `sendStream`, and a client of bare TCP, so that its pace is ours. */
async function serve(
  source: (signal: AbortSignal) => AsyncIterable<unknown>,
  options: Partial<SendStreamOptions> & { readonly aborted?: boolean } = {},
): Promise<Setup> {
  const gone = new AbortController();
  if (options.aborted) gone.abort(new Error("gone"));
  const outcome = Promise.withResolvers<unknown>();
  const response = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, res) => {
    response.resolve(res);
    res.once("close", () => gone.abort(new Error("gone")));
    sendStream(res, source(gone.signal), {
      format: plainEvents,
      signal: gone.signal,
      pingIntervalMs: undefined,
      onHead: () => {},
      toErrorFrame: (error) => ({ error: (error as Error).message }),
      ...options,
    }).then(
      () => outcome.resolve("sent"),
      (error: unknown) => {
        outcome.resolve({ message: (error as Error).message, headSent: res.headersSent });
        if (!res.headersSent) res.writeHead(500).end("plain error");
      },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => (text += bytes.toString()));
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  return {
    socket,
    received: () => text,
    outcome: outcome.promise,
    res: await response.promise,
    gone,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Waits like a well-behaved source: until the signal is aborted. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/** A source that fails before its first value, when `after` has settled. */
async function* failing(after: Promise<void>, message: string): AsyncGenerator<unknown> {
  yield await after.then(() => Promise.reject(new Error(message)));
}

test("sends every value and [DONE] when the source completes", async () => {
  await using setup = await serve(async function* () {
    yield { a: 1 };
    yield { text: "line\n\nbreak" };
  });
  expect(await setup.outcome).toBe("sent");
  await once(setup.socket, "close");
  expect(setup.received()).toContain("content-type: text/event-stream");
  expect(setup.received()).toContain('data: {"a":1}\n\ndata: {"text":"line\\n\\nbreak"}\n\n');
  expect(setup.received()).toContain("data: [DONE]\n\n");
});

test("writes the events of one turn together, and never splits one", async () => {
  await using setup = await serve(async function* () {
    for (let index = 0; index < 5; index += 1) yield { index };
    await new Promise(setImmediate);
    yield { last: true };
  });
  await setup.outcome;
  await once(setup.socket, "close");
  const chunks = setup
    .received()
    .split("\r\n")
    .filter((line) => line.startsWith("data: "));
  expect(chunks).toHaveLength(2);
  expect(chunks[0]?.match(/data: /g)).toHaveLength(5);
});

test("leaves the source when the client leaves", async () => {
  let left = false;
  await using setup = await serve(async function* (signal) {
    try {
      yield { a: 1 };
      await untilAborted(signal);
    } finally {
      left = true;
    }
  });
  await expect.poll(setup.received).toContain('{"a":1}');
  setup.socket.destroy();
  expect(await setup.outcome).toMatchObject({ message: "gone" });
  expect(left).toBe(true);
});

test("rejects without a word when the client leaves before the first value", async () => {
  await using setup = await serve((signal) => untilAbortedSource(signal));
  setup.socket.destroy();
  expect(await setup.outcome).toEqual({ message: "gone", headSent: false });
});

async function* untilAbortedSource(signal: AbortSignal): AsyncGenerator<unknown> {
  yield await untilAborted(signal);
}

test("sends nothing when the signal is aborted already", async () => {
  await using setup = await serve((signal) => untilAbortedSource(signal), { aborted: true });
  expect(await setup.outcome).toMatchObject({ message: "gone" });
  await once(setup.socket, "close");
  expect(setup.received()).toContain("plain error");
  expect(setup.received()).not.toContain("data:");
});

test("rejects with nothing sent when the source fails before its first value", async () => {
  await using setup = await serve(() => failing(Promise.resolve(), "no such model"));
  expect(await setup.outcome).toMatchObject({ message: "no such model" });
  await once(setup.socket, "close");
  expect(setup.received()).toContain("HTTP/1.1 500");
});

test("ends with one error event, and no [DONE], when the source fails later", async () => {
  await using setup = await serve(async function* () {
    yield { a: 1 };
    throw new Error("worker lost");
  });
  expect(await setup.outcome).toBe("sent");
  await once(setup.socket, "close");
  expect(setup.received()).toContain('data: {"error":"worker lost"}\n\n');
  expect(setup.received()).not.toContain("[DONE]");
});

test("reads the source no faster than a slow client reads, and loses nothing", async () => {
  const count = 400;
  let produced = 0;
  const text = "x".repeat(50_000);
  await using setup = await serve(async function* () {
    while (produced < count) yield { index: produced++, text };
  });
  setup.socket.pause();
  // What the two kernels and Node buffer is a few megabytes; the whole answer is 20.
  await expect.poll(() => produced, { interval: 200 }).toBeGreaterThan(1);
  let before = -1;
  while (before !== produced) {
    before = produced;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(produced).toBeLessThan(count);
  setup.socket.resume();
  expect(await setup.outcome).toBe("sent");
  await once(setup.socket, "close");
  expect(setup.received().match(/"index"/g)).toHaveLength(count);
});

test("goes on when the client has caught up while the source was silent", async () => {
  const caughtUp = Promise.withResolvers<void>();
  await using setup = await serve(async function* () {
    // Few enough characters not to be waited with, and more bytes than the response takes at once.
    yield "é".repeat(50_000);
    await caughtUp.promise;
    yield "last";
  });
  await expect.poll(() => setup.received().length).toBeGreaterThan(50_000);
  caughtUp.resolve();
  expect(await setup.outcome).toBe("sent");
  await once(setup.socket, "close");
  expect(setup.received()).toContain('data: "last"');
});

test("pings a silent stream, first of all with the head", async () => {
  const gate = Promise.withResolvers<void>();
  await using setup = await serve(() => failing(gate.promise, "too late for a status"), { pingIntervalMs: 20 });
  await expect
    .poll(() => setup.received().match(/: ping - \d{4}-\d\d-\d\dT[\d:.]+Z\n\n/g)?.length ?? 0)
    .toBeGreaterThan(1);
  expect(setup.received()).toContain("HTTP/1.1 200");
  gate.resolve();
  expect(await setup.outcome).toBe("sent");
  await once(setup.socket, "close");
  expect(setup.received()).toContain('data: {"error":"too late for a status"}\n\n');
});

test("does not ping a stream that speaks", async () => {
  await using setup = await serve(
    async function* () {
      for (let index = 0; index < 10; index += 1) {
        yield { index };
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    { pingIntervalMs: 150 },
  );
  await setup.outcome;
  expect(setup.received()).not.toContain(": ping");
});

test.each([
  [plainEvents, 'data: {"type":"a"}\n\ndata: [DONE]\n\n', 'data: {"error":"x"}\n\n'],
  [namedEvents, 'event: a\ndata: {"type":"a"}\n\n', 'event: message\ndata: {"error":"x"}\n\n'],
  [jsonLines, '{"type":"a"}\n', '{"error":"x"}\n'],
])("ends each format as its clients expect (%#)", async (format, whole, failed) => {
  const bodyOf = async (source: () => AsyncIterable<unknown>) => {
    await using setup = await serve(source, { format });
    await once(setup.socket, "close");
    return setup.received().replaceAll(/^[0-9a-f]+\r\n|\r\n/gm, "");
  };
  const first = { type: "a" };
  expect(
    await bodyOf(async function* () {
      yield first;
    }),
  ).toContain(whole);
  const broken = await bodyOf(async function* () {
    yield first;
    throw new Error("x");
  });
  expect(broken).toContain(failed);
  expect(broken).not.toContain("[DONE]");
});
