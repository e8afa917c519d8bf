import { register } from "prom-client";
import { describe, expect, test } from "vitest";
import { createClient, ModelState, openChannel } from "../../../clients/index.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { chat, startTestServices, textOf, watchUntil, workerPid, type TestServices } from "./support.ts";

const loaded = /model \\"a\\" loaded in/g;
const answer = async (ctx: TestServices) => textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))));
const unloaded = (ctx: TestServices) => watchUntil(ctx, ({ state }) => state === ModelState.UNLOADED);

async function metric(name: string): Promise<number | undefined> {
  const found = await register.getSingleMetric(`tokenwire_${name}`)?.get();
  return found?.values.find(({ labels }) => labels["model"] === "a")?.value;
}

describe("a model with a ttl", () => {
  test("is loaded by its first request, once for all that wait for it, and the server counts as ready before", async () => {
    await using ctx = await startTestServices({ models: { a: "slow.gguf" }, ttl: 60 });
    expect(ctx.services.pid("a")).toBeUndefined();
    expect((await ctx.services.whenReady())[0]).toMatchObject({
      model: { state: ModelState.UNLOADED, ttlSeconds: 60 },
    });
    const channel = openChannel(ctx.services.address);
    const health = createClient(Health, channel);
    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
    const calls = [answer(ctx), answer(ctx), ctx.client.inference.tokenize({ text: "x" })];
    await watchUntil(ctx, ({ state }) => state === ModelState.LOADING);
    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
    expect(await Promise.all(calls)).toMatchObject(["w1 w2 ", "w1 w2 ", { tokens: [120] }]);
    expect(ctx.log().match(loaded)).toHaveLength(1);
    channel.close();
  });

  test("leaves memory when nobody has used it for so long, and its next request is answered", async () => {
    await using ctx = await startTestServices({ ttl: 1 });
    expect(await answer(ctx)).toBe("w1 w2 ");
    const pid = workerPid(ctx);
    const idleAt = performance.now();
    const [model] = (await unloaded(ctx)).slice(-1);
    expect(performance.now() - idleAt).toBeGreaterThan(900);
    // What is known of it stays known.
    expect(model).toMatchObject({ ttlSeconds: 1, details: { slots: 2 } });
    expect(model?.stats).toBeUndefined();
    expect(ctx.log()).toContain('model \\"a\\" unloaded: no request for 1 s');
    await waitUntil("its process is gone", () => ctx.services.pid("a") === undefined);
    expect(await Promise.all(["model_resident", "slots", "slots_busy"].map(metric))).toEqual([0, 0, 0]);

    expect(await answer(ctx)).toBe("w1 w2 ");
    expect(workerPid(ctx)).not.toBe(pid);
    expect(await metric("model_resident")).toBe(1);
    // Nothing had gone wrong.
    expect(await metric("worker_restarts_total")).toBe(0);
  });

  test("is not unloaded under a running answer", async () => {
    await using ctx = await startTestServices({ ttl: 1 });
    const pid = await answer(ctx).then(() => workerPid(ctx));
    const events = await Array.fromAsync(ctx.client.inference.chat(chat("count:4 tokenMs:400")));
    expect(textOf(events)).toBe("w1 w2 w3 w4 ");
    expect(workerPid(ctx)).toBe(pid);
  });

  test("is loaded again for who asks while it is still leaving", async () => {
    await using ctx = await startTestServices({ models: { a: "lingers.gguf" }, ttl: 1 });
    await answer(ctx);
    const pid = workerPid(ctx);
    await watchUntil(ctx, ({ state }) => state === ModelState.UNLOADING);
    expect(workerPid(ctx)).toBe(pid);
    expect(await Promise.all([answer(ctx), answer(ctx)])).toEqual(["w1 w2 ", "w1 w2 "]);
    expect(workerPid(ctx)).not.toBe(pid);
    expect(ctx.log().match(loaded)).toHaveLength(2);
  });

  test("that crashes comes back, and leaves memory in its time all the same", async () => {
    await using ctx = await startTestServices({ ttl: 1 });
    await answer(ctx);
    process.kill(workerPid(ctx), "SIGKILL");
    await watchUntil(ctx, ({ state }) => state === ModelState.RESIDENT);
    await unloaded(ctx);
    expect(await answer(ctx)).toBe("w1 w2 ");
  });
});
