import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createTokenwireClient, ErrorReason } from "../../../clients/index.ts";
import { createRpcServer } from "../../../services/rpc/server.ts";
import { aborted, collect, rejection, startRpc, textEvent } from "../../support/rpc.ts";

describe("a server that closes", () => {
  test("lets running calls end within the grace, and refuses new ones", async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const closing = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat(_request, context) {
        started.resolve();
        context.closing.addEventListener("abort", () => closing.resolve());
        await gate.promise;
        yield textEvent("whole");
      },
    });
    const running = collect(rpc.client.inference.chat({}));
    await started.promise;
    const closed = rpc.server.close(30_000);
    await closing.promise;
    const other = createTokenwireClient(rpc.address);
    expect(await rejection(other.inference.tokenize({}))).toMatchObject({ reason: ErrorReason.WORKER_LOST });
    other.close();
    gate.resolve();
    expect(await running).toHaveLength(1);
    await closed;
  });

  test("aborts what still runs after the grace with SHUTTING_DOWN", async () => {
    const started = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        yield textEvent("a");
        started.resolve();
        reason.resolve(await aborted(signal));
      },
    });
    const failure = rejection(collect(rpc.client.inference.chat({})));
    await started.promise;
    await rpc.server.close(0);
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
    expect(await failure).toMatchObject({ reason: ErrorReason.SHUTTING_DOWN, retryAfterMs: 1_000 });
  });

  test("waits for the handler's work, not only for its answer", async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let freed = false;
    await using rpc = await startRpc({
      async tokenize(_request, { signal }) {
        started.resolve();
        await aborted(signal);
        await gate.promise;
        freed = true;
        throw signal.reason;
      },
    });
    const call = rpc.client.inference.tokenize({});
    await started.promise;
    const closed = rpc.server.close(0);
    // The caller has its answer while the work is still stopping.
    expect(await rejection(call)).toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
    expect(freed).toBe(false);
    gate.resolve();
    await closed;
    expect(freed).toBe(true);
  });

  test("closes in time over a handler that ignores its signal", async () => {
    const started = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      // oxlint-disable-next-line require-yield
      async *chat() {
        started.resolve();
        await new Promise(() => {});
      },
    });
    const failure = rejection(collect(rpc.client.inference.chat({})));
    await started.promise;
    const before = performance.now();
    await rpc.server.close(0);
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(await failure).toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
  });
});

describe("a unix socket", () => {
  const inTemporaryDirectory = async (work: (path: string) => Promise<void>) => {
    const directory = await mkdtemp(join(tmpdir(), "tw-rpc-"));
    try {
      await work(join(directory, "s.sock"));
    } finally {
      await rm(directory, { recursive: true });
    }
  };

  test("serves calls, and its file is gone after the close", () =>
    inTemporaryDirectory(async (path) => {
      await using rpc = await startRpc({ tokenize: async () => ({ tokens: [7] }) }, { address: `unix:${path}` });
      expect(rpc.address).toBe(`unix:${path}`);
      expect((await rpc.client.inference.tokenize({})).tokens).toEqual([7]);
      rpc.client.close();
      await rpc.server.close(0);
      await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    }));

  test("left behind by a killed server is replaced", () =>
    inTemporaryDirectory(async (path) => {
      const listen = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
      await once(spawn(process.execPath, ["-e", listen]), "exit");
      expect((await stat(path)).isSocket()).toBe(true);
      await using rpc = await startRpc({ tokenize: async () => ({ tokens: [7] }) }, { address: `unix:${path}` });
      expect((await rpc.client.inference.tokenize({})).tokens).toEqual([7]);
    }));

  test("of a living server is not taken away", () =>
    inTemporaryDirectory(async (path) => {
      const living = createServer().listen(path);
      await once(living, "listening");
      await expect(createRpcServer({ onBug: () => {} }).listen(`unix:${path}`)).rejects.toThrow(
        `another server is listening on unix:${path}`,
      );
      living.close();
    }));

  test("does not replace a file that is no socket", () =>
    inTemporaryDirectory(async (path) => {
      await writeFile(path, "precious");
      await expect(createRpcServer({ onBug: () => {} }).listen(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
      expect((await stat(path)).isFile()).toBe(true);
    }));

  test("with a path that is too long is refused with a reason", async () => {
    const address = `unix:/${"x".repeat(120)}`;
    await expect(createRpcServer({ onBug: () => {} }).listen(address)).rejects.toThrow("longer than the 103 bytes");
  });
});

test("a port that is taken is refused", async () => {
  await using rpc = await startRpc({});
  await expect(createRpcServer({ onBug: () => {} }).listen(rpc.address)).rejects.toThrow("EADDRINUSE");
});

describe("a server that is not there", () => {
  test("fails calls at once with WORKER_LOST and when to try again", async () => {
    const client = createTokenwireClient("unix:/nonexistent/tw.sock");
    const error = await rejection(client.inference.tokenize({}));
    expect(error).toMatchObject({ reason: ErrorReason.WORKER_LOST, retryAfterMs: 1_000 });
    client.close();
  });

  test("ends running streams with WORKER_LOST when it is killed, and a new one is found again", async () => {
    const script = new URL("../../support/rpc-server-process.ts", import.meta.url).pathname;
    const start = async (address: string) => {
      const child = spawn(process.execPath, [script, address], { stdio: ["ignore", "pipe", "inherit"] });
      const [bound] = (await once(child.stdout, "data")) as [Buffer];
      return { child, address: String(bound).trim() };
    };
    const first = await start("127.0.0.1:0");
    const client = createTokenwireClient(first.address);
    const iterator = client.inference.chat({})[Symbol.asyncIterator]();
    await iterator.next();
    const next = Promise.resolve(iterator.next());
    const before = performance.now();
    first.child.kill("SIGKILL");
    expect(await rejection(next)).toMatchObject({ reason: ErrorReason.WORKER_LOST });
    expect(performance.now() - before).toBeLessThan(1_000);

    const second = await start(first.address);
    // The channel notices the new server with its next attempt to connect, some 50 ms later.
    for (let tries = 0; tries < 100; tries++) {
      const events = client.inference.chat({})[Symbol.asyncIterator]();
      const answered = await events.next().then(
        () => true,
        () => false,
      );
      if (answered) {
        await events.return?.();
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(tries).toBeLessThan(99);
    }
    second.child.kill("SIGKILL");
    client.close();
  });
});

test("a storm of cancelled calls does not touch the others on the connection", async () => {
  const gate = Promise.withResolvers<void>();
  await using rpc = await startRpc({
    async *chat({ model }, { signal }) {
      yield textEvent("first");
      if (model === "patient") await gate.promise;
      else await aborted(signal);
      yield textEvent("last");
    },
  });
  const patient = collect(rpc.client.inference.chat({ model: "patient" }));
  const leave = async () => {
    for await (const _ of rpc.client.inference.chat({})) break;
  };
  // Without the server's limits for it, Node cuts the connection at the 1001st.
  for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 400 }, leave));
  gate.resolve();
  expect(await patient).toHaveLength(2);
});

test("a client that was closed refuses calls", async () => {
  await using rpc = await startRpc({ tokenize: async () => ({}) });
  await rpc.client.inference.tokenize({});
  rpc.client.close();
  const closed = { reason: ErrorReason.CANCELLED, message: "the client was closed" };
  expect(await rejection(rpc.client.inference.tokenize({}))).toMatchObject(closed);
  expect(await rejection(collect(rpc.client.inference.chat({})))).toMatchObject(closed);
});
