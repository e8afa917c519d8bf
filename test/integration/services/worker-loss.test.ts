import { describe, expect, test } from "vitest";
import { ErrorReason, ModelState, type ChatResponse } from "../../../clients/index.ts";
import { chat, startTestServices, textOf, workerPid, watchUntil } from "./support.ts";

describe("a worker that is killed", () => {
  test("in the middle of a stream ends it with one explicit error within 200 ms, and the next request is answered", async () => {
    await using ctx = await startTestServices();
    const stream = ctx.client.inference.chat(chat("count:9 hold:3"))[Symbol.asyncIterator]();
    const seen: ChatResponse[] = [];
    while (textOf(seen) !== "w1 w2 ") seen.push((await stream.next()).value);
    const pid = workerPid(ctx);
    process.kill(pid, "SIGKILL");
    const killedAt = performance.now();
    await expect(stream.next()).rejects.toMatchObject({
      reason: ErrorReason.WORKER_LOST,
      message: expect.stringContaining("was killed by SIGKILL"),
      retryAfterMs: 1000,
    });
    expect(performance.now() - killedAt).toBeLessThan(200);
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    expect(workerPid(ctx)).not.toBe(pid);
  });

  test("before the first token is replaced unseen, and `started` comes once", async () => {
    await using ctx = await startTestServices();
    const events = ctx.client.inference.chat(chat("count:2 prefillMs:100"))[Symbol.asyncIterator]();
    const started = await events.next();
    expect(started.value).toMatchObject({ event: { case: "started" } });
    process.kill(workerPid(ctx), "SIGKILL");
    const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => events });
    expect(rest.map(({ event }) => event.case)).toEqual(["text", "text", "finished"]);
  });

  test("by every request that it is given ends that request after one more try", async () => {
    await using ctx = await startTestServices();
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("crash:0")))).rejects.toMatchObject({
      reason: ErrorReason.WORKER_LOST,
    });
    expect(ctx.log().match(/the worker was killed by SIGKILL/g)).toHaveLength(2);
  });

  test("leaves the other model's streams alone", async () => {
    await using ctx = await startTestServices({ models: { a: "fake.gguf", b: "fake.gguf" } });
    const stream = ctx.client.inference.chat(chat("count:5 tokenMs:30", "b"))[Symbol.asyncIterator]();
    await stream.next();
    process.kill(workerPid(ctx, "a"), "SIGKILL");
    const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => stream });
    expect(textOf(rest)).toBe("w1 w2 w3 w4 w5 ");
  });

  test("while requests wait for it keeps them waiting for the next one", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const first = ctx.client.inference.chat(chat("count:1 hold:1"))[Symbol.asyncIterator]();
    await first.next();
    const second = Array.fromAsync(ctx.client.inference.chat(chat("count:2")));
    process.kill(workerPid(ctx), "SIGKILL");
    // The first was lost before its first token, and holds again on the new worker, before the second.
    const [model] = await watchUntil(ctx, ({ stats }) => stats?.busySlots === 1);
    expect(model?.state).toBe(ModelState.RESIDENT);
    await first.return?.();
    expect(textOf(await second)).toBe("w1 w2 ");
  });

  test("is reported as failed until it is back", async () => {
    await using ctx = await startTestServices();
    const states = watchUntil(ctx, ({ state }, seen) => state === ModelState.RESIDENT && seen.length > 1);
    process.kill(workerPid(ctx), "SIGKILL");
    const seen = (await states).map(({ state, error }) => [state, error]);
    expect(seen).toContainEqual([ModelState.FAILED, "its process was killed by SIGKILL"]);
    expect(seen.at(-1)).toEqual([ModelState.RESIDENT, ""]);
  });
});

describe("a worker that hangs", () => {
  const limits = { probeEveryMs: 50, probeTimeoutMs: 150 };

  test("in the middle of a stream is ended, with one explicit error, and the next request is answered", async () => {
    await using ctx = await startTestServices({ limits });
    const stream = ctx.client.inference.chat(chat("count:9 spin:3"))[Symbol.asyncIterator]();
    const seen: ChatResponse[] = [];
    while (textOf(seen) !== "w1 w2 ") seen.push((await stream.next()).value);
    await expect(stream.next()).rejects.toMatchObject({
      reason: ErrorReason.WORKER_LOST,
      message: expect.stringContaining("its process did not answer any more and was killed by SIGKILL"),
    });
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    expect(ctx.log()).toContain("the worker has not answered for 0.3 s and is ended");
  });

  test("while nobody uses it is ended too, before the next request would meet it", async () => {
    await using ctx = await startTestServices({ limits });
    process.kill(workerPid(ctx), "SIGSTOP");
    await watchUntil(ctx, ({ state }, seen) => state === ModelState.RESIDENT && seen.length > 1);
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
  });

  test("is told apart from one that works for long", async () => {
    await using ctx = await startTestServices({ limits });
    const pid = workerPid(ctx);
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2 prefillMs:1500"))))).toBe("w1 w2 ");
    expect(workerPid(ctx)).toBe(pid);
  });
});

test("a worker that gets a SIGTERM finishes its streams, and who comes meanwhile waits for the next one", async () => {
  await using ctx = await startTestServices();
  const running = ctx.client.inference.chat(chat("count:4 tokenMs:50"))[Symbol.asyncIterator]();
  await running.next();
  process.kill(workerPid(ctx), "SIGTERM");
  await watchUntil(ctx, ({ state }) => state === ModelState.LOADING);
  const next = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
  expect(textOf(await Array.fromAsync({ [Symbol.asyncIterator]: () => running }))).toBe("w1 w2 w3 w4 ");
  expect(textOf(await next)).toBe("w1 ");
});

test("a stream that ends without an end for each choice is an error, never a success", async () => {
  await using ctx = await startTestServices();
  await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:5 truncate:2")))).rejects.toMatchObject({
    reason: ErrorReason.WORKER_LOST,
  });
});

describe("a model that cannot be loaded", () => {
  test("is failed with the reason, which its callers are told at once", async () => {
    await using ctx = await startTestServices({ models: { a: "broken.gguf", b: "fake.gguf" } });
    const results = await ctx.services.whenReady();
    expect(results.map(({ error }) => error)).toEqual(["broken.gguf is no GGUF file", undefined]);
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOAD_FAILED,
      message: 'model "a" could not be loaded: broken.gguf is no GGUF file',
    });
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:1", "b"))))).toBe("w1 ");
  });

  test("because native code ends the process is tried again, then failed with how it ended", async () => {
    await using ctx = await startTestServices({ models: { a: "aborts.gguf" } });
    await watchUntil(ctx, ({ error }) => error.includes("while it was loading"));
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOAD_FAILED,
      message: expect.stringContaining("its process was killed by SIGABRT while it was loading"),
    });
    expect(ctx.log().match(/the worker was killed by SIGABRT/g)).toHaveLength(3);
  });

  test("because its load hangs is given up", async () => {
    await using ctx = await startTestServices({ models: { a: "never-loads.gguf" }, limits: { stallMs: 300 } });
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOAD_FAILED,
      message: expect.stringContaining("made no progress for 0.3 s"),
    });
  });
});

test("a request that comes while its model loads waits for it", async () => {
  await using ctx = await startTestServices({ models: { a: "slow.gguf" }, ready: false });
  expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:1"))))).toBe("w1 ");
});
