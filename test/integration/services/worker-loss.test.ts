import { describe, expect, test } from "vitest";
import { ErrorReason, ModelState, type ChatResponse } from "../../../clients/index.ts";
import { chat, startTestServices, textOf, workerPid, watchUntil } from "./support.ts";

describe("a worker that is killed", () => {
  test("in the middle of a stream ends it with one explicit error, and the next request is answered", async () => {
    await using ctx = await startTestServices();
    const stream = ctx.client.inference.chat(chat("count:9 hold:3"))[Symbol.asyncIterator]();
    const seen: ChatResponse[] = [];
    while (textOf(seen) !== "w1 w2 ") seen.push((await stream.next()).value);
    const pid = workerPid(ctx);
    process.kill(pid, "SIGKILL");
    await expect(stream.next()).rejects.toMatchObject({
      reason: ErrorReason.WORKER_LOST,
      message: expect.stringContaining("was killed by SIGKILL"),
      retryAfterMs: 1000,
    });
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    expect(workerPid(ctx)).not.toBe(pid);
  });

  test("is not given its request again on the next one, also before the first token", async () => {
    await using ctx = await startTestServices();
    const events = ctx.client.inference.chat(chat("count:2 hold:1"))[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ event: { case: "started" } });
    process.kill(workerPid(ctx), "SIGKILL");
    await expect(events.next()).rejects.toMatchObject({ reason: ErrorReason.WORKER_LOST, retryAfterMs: 1000 });
  });

  test("is replaced unseen for a request that it has not begun with", async () => {
    await using ctx = await startTestServices();
    process.kill(workerPid(ctx), "SIGSTOP");
    const answer = Array.fromAsync(ctx.client.inference.chat(chat("count:2")));
    const tokens = ctx.client.inference.tokenize({ text: "abc" });
    // Answered by the front, after the others were sent to the worker that reads nothing.
    await ctx.client.models.listModels({});
    process.kill(workerPid(ctx), "SIGKILL");
    expect((await answer).map(({ event }) => event.case)).toEqual(["started", "text", "text", "finished"]);
    expect((await tokens).tokens).toHaveLength(3);
  });

  test("twice by the same request has it quarantined, and others are served without a growing delay", async () => {
    await using ctx = await startTestServices();
    const ask = (script: string) => Array.fromAsync(ctx.client.inference.chat(chat(script)));
    for (let i = 0; i < 2; i++) {
      await expect(ask("crash:0")).rejects.toMatchObject({ reason: ErrorReason.WORKER_LOST });
      expect(textOf(await ask("count:1"))).toBe("w1 ");
    }
    await expect(ask("crash:0")).rejects.toMatchObject({
      reason: ErrorReason.QUARANTINED,
      message: expect.stringContaining("is refused for another 1"),
      retryAfterMs: expect.any(Number),
    });
    expect(textOf(await ask("count:1"))).toBe("w1 ");
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
    await expect(first.next()).rejects.toMatchObject({ reason: ErrorReason.WORKER_LOST });
    expect(textOf(await second)).toBe("w1 w2 ");
  });

  test("by any signal at any time touches no stream of another model, and every request has an end", async () => {
    const limits = { probeEveryMs: 100, probeTimeoutMs: 400 };
    await using ctx = await startTestServices({ models: { a: "fake.gguf", b: "fake.gguf" }, limits });
    let over = false;
    const beside = (async () => {
      while (!over) {
        const text = textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:20 tokenMs:5", "b"))));
        expect(text.endsWith("w20 ")).toBe(true);
      }
    })();
    for (const [round, signal] of (["SIGKILL", "SIGSTOP", "SIGABRT"] as const).entries()) {
      // Others each time: the same ones would be held to have cost the workers.
      const answers = Array.from({ length: 6 }, (_, i) =>
        Array.fromAsync(ctx.client.inference.chat(chat(`count:${i} tokenMs:${20 + round} prefillMs:${10 * i}`))),
      );
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const pid = ctx.services.pid("a");
      if (pid !== undefined) process.kill(pid, signal);
      for (const end of await Promise.allSettled(answers)) {
        if (end.status === "rejected") expect(end.reason).toMatchObject({ reason: ErrorReason.WORKER_LOST });
        else expect(end.value.at(-1)?.event.case).toBe("finished");
      }
    }
    over = true;
    await beside;
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
    expect(ctx.log()).toContain("the worker has not answered for 0.3 s and is being killed");
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
    expect(results.map(({ error }) => error)).toEqual(["broken.gguf is not a GGUF file", undefined]);
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOAD_FAILED,
      message: 'model "a" could not be loaded: broken.gguf is not a GGUF file',
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
