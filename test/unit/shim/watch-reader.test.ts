import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { watchReader } from "../../../shim/watch-reader.ts";

interface Setup extends AsyncDisposable {
  readonly socket: Socket;
  readonly res: ServerResponse;
  readonly stalls: () => number;
}

/** A response that is written as fast as it can be, a client of bare TCP that is paused, and a watch. */
async function serve(stallTimeoutMs: number): Promise<Setup> {
  let stalls = 0;
  const response = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, res) => {
    const stop = watchReader(res, { stallTimeoutMs, onStall: () => (stalls += 1) });
    res.once("close", stop);
    const fill = (): void => {
      while (res.write("x".repeat(16_384)));
    };
    res.on("drain", fill);
    fill();
    response.resolve(res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  return {
    socket,
    res: await response.promise,
    stalls: () => stalls,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

// Where the kernel does not say what it holds, a drain is the only sign of life.
test.skipIf(process.platform !== "linux")("a reader who takes a little at a time has not stalled", async () => {
  const stallTimeoutMs = 600;
  await using setup = await serve(stallTimeoutMs);
  let longestMs = 0;
  let drainedAt = performance.now();
  setup.res.on("drain", () => {
    longestMs = Math.max(longestMs, performance.now() - drainedAt);
    drainedAt = performance.now();
  });
  // Until the server has stood still for longer than a stall: it cannot see that its reader reads.
  while (longestMs < 1.5 * stallTimeoutMs) {
    setup.socket.once("data", () => setup.socket.pause());
    setup.socket.resume();
    await sleep(50);
  }
  expect(setup.stalls()).toBe(0);
});

test("one who takes nothing has, again after each such time, and no more when it reads again", async () => {
  await using setup = await serve(100);
  await expect.poll(setup.stalls, { timeout: 10_000 }).toBe(2);
  setup.socket.resume();
  await once(setup.res, "drain");
  const before = setup.stalls();
  for (let i = 0; i < 50; i++) await once(setup.res, "drain");
  expect(setup.stalls() - before).toBeLessThan(2);
});
