import { register, type MetricValue } from "prom-client";
import { expect, test } from "vitest";
import { chat, startTestServices, watchUntil, workerPid, type TestServices } from "./support.ts";

/** The values of one model's metric by their other labels; of a histogram, the sums and counts too. */
async function read(name: string, model: string): Promise<Record<string, number>> {
  const metric = await register.getSingleMetric(`tokenwire_${name}`)?.get();
  const values = (metric?.values ?? []) as (MetricValue<string> & { readonly metricName?: string })[];
  const own = values.filter(({ labels }) => labels["model"] === model);
  return Object.fromEntries(
    own.map(({ labels, value, metricName }) => {
      const others = Object.entries(labels).flatMap(([label, text]) => (label === "model" ? [] : [text]));
      const suffix = metricName?.slice(`tokenwire_${name}`.length) ?? "";
      return [[...others, suffix].filter((part) => part !== "").join(" "), value];
    }),
  );
}
const value = async (name: string, model: string) => (await read(name, model))[""];
const idle = (ctx: TestServices, model: string) =>
  watchUntil(ctx, ({ stats }) => stats?.busySlots === 0 && stats.completionTokens > 0n, model);

test("counts what was served, also over the lives of a worker", async () => {
  await using ctx = await startTestServices({ models: { m1: "fake.gguf" } });
  await Array.fromAsync(ctx.client.inference.chat({ ...chat("count:4", "m1"), options: { n: 2 } }));
  await idle(ctx, "m1");
  expect(await value("completion_tokens_total", "m1")).toBe(8);
  expect(await value("decode_steps_total", "m1")).toBe(4);
  expect(await value("decoded_sequences_total", "m1")).toBe(8);
  expect(await value("mean_batch_size", "m1")).toBe(2);
  process.kill(workerPid(ctx, "m1"), "SIGKILL");
  await Array.fromAsync(ctx.client.inference.chat(chat("count:3", "m1")));
  await idle(ctx, "m1");
  expect(await value("completion_tokens_total", "m1")).toBe(11);
  expect(await value("worker_restarts_total", "m1")).toBe(1);
  expect(await read("request_success_total", "m1")).toEqual({ "chat stop": 3 });
  for (const name of ["time_to_first_token_seconds", "request_duration_seconds", "request_queue_time_seconds"]) {
    expect(await read(name, "m1")).toMatchObject({ "chat _count": 2 });
  }
  expect(await read("time_per_output_token_seconds", "m1")).toMatchObject({ "chat _count": 3 });
  expect(await read("request_prompt_tokens", "m1")).toMatchObject({ "chat _count": 2 });
  expect(await read("request_completion_tokens", "m1")).toMatchObject({ "chat _count": 3, "chat _sum": 11 });
  expect((await read("inter_token_latency_seconds", "m1"))["chat _count"]).toBeGreaterThan(3);
});

test("shows who runs and who waits, and a client that left as a cancel", async () => {
  await using ctx = await startTestServices({ models: { m2: "fake.gguf" }, slots: 1 });
  const stream = ctx.client.inference.chat(chat("count:2 hold:2", "m2"))[Symbol.asyncIterator]();
  await stream.next();
  const waiting = Array.fromAsync(ctx.client.inference.chat(chat("count:1", "m2")));
  await watchUntil(ctx, ({ stats }) => stats?.busySlots === 1, "m2");
  // Answered after the other has taken its place in the queue.
  await ctx.client.inference.tokenize({ text: "x" });
  const gauges = ["requests_running", "requests_waiting", "slots", "slots_busy", "model_resident"];
  expect(await Promise.all(gauges.map((name) => value(name, "m2")))).toEqual([1, 1, 1, 1, 1]);
  await stream.return?.();
  await waiting;
  await idle(ctx, "m2");
  expect(await read("request_failure_total", "m2")).toEqual({ "chat CANCELLED": 1 });
  expect(await value("requests_running", "m2")).toBe(0);
});

test("a request for a model that is not configured makes no series", async () => {
  await using ctx = await startTestServices({ models: { m3: "fake.gguf" } });
  await Array.fromAsync(ctx.client.inference.chat(chat("", "no-such-model"))).catch(() => undefined);
  expect(await register.metrics()).not.toContain("no-such-model");
});
