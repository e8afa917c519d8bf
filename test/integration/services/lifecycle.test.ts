import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createClient, ErrorReason, openChannel, RpcError } from "../../../clients/index.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import { chat, startTestServices, textOf, until, workerPid } from "./support.ts";

describe("closing", () => {
  test("lets who runs and who waits finish, refuses who comes, and leaves no process and no socket", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const pid = workerPid(ctx);
    const running = ctx.client.inference.chat(chat("count:5 tokenMs:40"))[Symbol.asyncIterator]();
    await running.next();
    const waiting = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    // Answered after the other has taken its place in the queue, which it came before.
    await ctx.client.inference.tokenize({ text: "x" });
    const closed = ctx.services.close(5000);
    const late = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    await expect(late).rejects.toThrow(RpcError);
    const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => running });
    expect(textOf(rest)).toBe("w1 w2 w3 w4 w5 ");
    expect(rest.at(-1)?.event.case).toBe("finished");
    expect(textOf(await waiting)).toBe("w1 ");
    await closed;
    expect(isAlive(pid)).toBe(false);
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.WORKER_LOST,
    });
  });

  test("of the network's face leaves this process's own calls alone until it closes", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const own = ctx.services.client;
    const running = own.inference.chat(chat("count:2 hold:2"))[Symbol.asyncIterator]();
    await running.next();
    await ctx.services.drain(5000);
    await expect(ctx.client.models.listModels({})).rejects.toMatchObject({ reason: ErrorReason.WORKER_LOST });
    expect((await own.inference.tokenize({ text: "x" })).tokens).toHaveLength(1);
  });

  test("ends with one error what does not finish within the grace", async () => {
    await using ctx = await startTestServices();
    const running = ctx.client.inference.chat(chat("hold:1"))[Symbol.asyncIterator]();
    await running.next();
    const next = running.next();
    const closed = ctx.services.close(50);
    await expect(next).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
    await closed;
  });

  test("while models are loading ends their processes", async () => {
    const ctx = await startTestServices({ models: { a: "never-loads.gguf", b: "fake.gguf" }, ready: false });
    const pid = workerPid(ctx);
    await ctx.services.close(0);
    expect(isAlive(pid)).toBe(false);
    expect((await ctx.services.whenReady()).map(({ error }) => error)).toEqual([
      "it was stopped before it was loaded",
      "it was stopped before it was loaded",
    ]);
    ctx.client.close();
  });
});

test("a front that is killed takes its workers and their sockets with it", { timeout: 20_000 }, async () => {
  const temporary = await mkdtemp(join(tmpdir(), "front-"));
  const front = fork(new URL("front/main.ts", import.meta.url), {
    execArgv: [],
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [line] = (await once(front.stdout ?? front, "data")) as [Buffer];
  const pids = line.toString().trim().split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  const killedAt = performance.now();
  front.kill("SIGKILL");
  await until(() => !pids.some(isAlive));
  expect(performance.now() - killedAt).toBeLessThan(5000);
  expect(readdirSync(temporary)).toEqual([]);
  await rm(temporary, { recursive: true });
});

test("Ctrl+C in the terminal, which reaches the workers too, does not end them", async () => {
  await using ctx = await startTestServices();
  const pid = workerPid(ctx);
  process.kill(pid, "SIGINT");
  expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2 tokenMs:50"))))).toBe("w1 w2 ");
  expect(workerPid(ctx)).toBe(pid);
});

test("a port that is taken is told in one sentence, and no worker is started", async () => {
  await using ctx = await startTestServices();
  const written = vi.spyOn(console, "error").mockReturnValue();
  const start = startTestServices({ service: { grpc_port: ctx.services.port } });
  await expect(start).rejects.toThrow(
    `gRPC cannot listen on 127.0.0.1:${ctx.services.port}: the port is in use: stop what uses it, or set grpc_port`,
  );
  // Neither by the library, which has a log of its own.
  expect(written).not.toHaveBeenCalled();
  written.mockRestore();
});

test("health says serving from the first resident model on", async () => {
  await using ctx = await startTestServices({ models: { a: "slow.gguf" }, ready: false });
  const channel = openChannel(ctx.services.address);
  const health = createClient(Health, channel);
  const seen: Status[] = [];
  for await (const { status } of health.watch({ service: "tokenwire.v1.InferenceService" })) {
    seen.push(status);
    if (status === Status.SERVING) break;
  }
  expect(seen).toEqual([Status.NOT_SERVING, Status.SERVING]);
  expect(await health.check({ service: "" })).toMatchObject({ status: Status.SERVING });
  channel.close();
});

/** A zombie counts as gone: it has ended and only waits to be read. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return existsSync(`/proc/${pid}/exe`);
  } catch {
    return false;
  }
}
