import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { createTokenwireClient, ErrorReason, ModelState, type TokenwireClient } from "../../../clients/index.ts";
import { modelSettingsSchema } from "../../../settings/settings.ts";
import { createLoadedModel } from "../../../services/worker/loaded-model.ts";
import { ModelHost } from "../../../services/worker/model-host.ts";
import { createWorkerServer } from "../../../services/worker/server.ts";
import { FakeEngine, type FakeEngineOptions } from "../../support/fake-engine.ts";
import { chat, textOf, until } from "./support.ts";

interface TestWorker extends AsyncDisposable {
  readonly host: ModelHost;
  readonly engine: FakeEngine;
  readonly client: TokenwireClient;
  load(): void;
}

/** A worker's server in this process, with its model not loaded yet. */
async function startWorker(options: FakeEngineOptions = { slots: 1 }): Promise<TestWorker> {
  const directory = mkdtempSync(join(tmpdir(), "worker-"));
  const address = `unix:${join(directory, "w.sock")}`;
  const host = new ModelHost("a", 7n);
  const server = createWorkerServer(host, pino({ level: "silent" }));
  await server.listen(address);
  const engine = new FakeEngine(options);
  const client = createTokenwireClient(address);
  return {
    host,
    engine,
    client,
    load: () => host.onLoaded(createLoadedModel(modelSettingsSchema.parse({ model: "m", model_alias: "a" }), engine)),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close(0);
      rmSync(directory, { recursive: true });
    },
  };
}

async function startLoadedWorker(options?: FakeEngineOptions): Promise<TestWorker> {
  const worker = await startWorker(options);
  worker.load();
  return worker;
}

describe("before its model is loaded a worker", () => {
  test("refuses calls with how far it is, and tells its progress", async () => {
    await using worker = await startWorker();
    worker.host.onProgress(0.42);
    await expect(Array.fromAsync(worker.client.inference.chat(chat("")))).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOADING,
      message: 'model "a" is still loading (42 %)',
      retryAfterMs: 1000,
    });
    const states: unknown[] = [];
    for await (const { model } of worker.client.models.watchModels({})) {
      states.push([model?.state, Math.round((model?.loadProgress ?? 0) * 100), model?.created]);
      if (model?.state === ModelState.RESIDENT) break;
      worker.load();
    }
    expect(states).toEqual([
      [ModelState.LOADING, 42, 7n],
      [ModelState.RESIDENT, 100, 7n],
    ]);
  });

  test("that could not be loaded says why", async () => {
    await using worker = await startWorker();
    worker.host.onFailed(ErrorReason.MODEL_LOAD_FAILED, "no GGUF file");
    await expect(worker.client.inference.tokenize({ text: "x" })).rejects.toMatchObject({
      reason: ErrorReason.MODEL_LOAD_FAILED,
      message: 'model "a" could not be loaded: no GGUF file',
    });
  });
});

describe("a stream of a worker", () => {
  const isIdle = (worker: TestWorker) => worker.engine.stats().busySlots === 0;

  test("completes and frees its slot", async () => {
    await using worker = await startLoadedWorker();
    expect(textOf(await Array.fromAsync(worker.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    expect(isIdle(worker)).toBe(true);
  });

  test("is stopped when its reader breaks off", async () => {
    await using worker = await startLoadedWorker();
    for await (const { event } of worker.client.inference.chat(chat("count:9 hold:2")))
      if (event.case === "text") break;
    await until(() => isIdle(worker));
    expect(worker.engine.jobs).toHaveLength(1);
  });

  test("is stopped when its reader aborts while it waits", async () => {
    await using worker = await startLoadedWorker();
    const controller = new AbortController();
    const stream = worker.client.inference.chat(chat("hold:0"), { signal: controller.signal });
    const read = Array.fromAsync(stream);
    await until(() => !isIdle(worker));
    controller.abort(new Error("left"));
    await expect(read).rejects.toThrow("left");
    await until(() => isIdle(worker));
  });

  test("is not begun for a reader that has aborted already", async () => {
    await using worker = await startLoadedWorker();
    const stream = worker.client.inference.chat(chat(""), { signal: AbortSignal.abort(new Error("late")) });
    await expect(Array.fromAsync(stream)).rejects.toThrow("late");
    expect(worker.engine.jobs).toEqual([]);
  });

  test("ends with one error when the engine fails, and frees its slot", async () => {
    await using worker = await startLoadedWorker();
    await expect(Array.fromAsync(worker.client.inference.chat(chat("bug:yes")))).rejects.toMatchObject({
      reason: ErrorReason.INTERNAL,
    });
    expect(isIdle(worker)).toBe(true);
  });

  test("waits for a slow reader instead of running away from it, and others go on", async () => {
    await using worker = await startLoadedWorker({ slots: 2, contextLength: 1_000_000 });
    const prompt = { kind: { case: "text" as const, value: "count:900000" } };
    const slow = worker.client.inference.complete({ prompt })[Symbol.asyncIterator]();
    await slow.next();
    const steps = () => worker.engine.stats().decodeSteps;
    // What the connection's buffers hold is produced; then nothing more.
    for (let before = -1; before !== steps(); await sleep(200)) before = steps();
    expect(steps()).toBeLessThan(100_000);
    expect(textOf(await Array.fromAsync(worker.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    await slow.return?.();
    await until(() => isIdle(worker));
  });
});

test("no text of a request or an answer is logged", async () => {
  const lines: string[] = [];
  const host = new ModelHost("a", 0n);
  const directory = mkdtempSync(join(tmpdir(), "worker-"));
  const address = `unix:${join(directory, "w.sock")}`;
  const server = createWorkerServer(host, pino({ level: "trace" }, { write: (line) => lines.push(line) }));
  await server.listen(address);
  host.onLoaded(
    createLoadedModel(modelSettingsSchema.parse({ model: "m", model_alias: "a" }), new FakeEngine({ slots: 1 })),
  );
  const client = createTokenwireClient(address);
  await Array.fromAsync(client.inference.chat(chat("say:[secret-answer] secret-prompt")));
  await expect(Array.fromAsync(client.inference.chat(chat("bug:yes secret-prompt")))).rejects.toThrow("internal error");
  expect(lines.join("")).toContain("internal error in a call (a bug)");
  expect(lines.join("")).not.toContain("secret");
  client.close();
  await server.close(0);
  rmSync(directory, { recursive: true });
});
