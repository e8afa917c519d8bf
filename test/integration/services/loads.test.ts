import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { register } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ErrorReason, ModelState } from "../../../clients/index.ts";
import { rejection } from "../../support/rpc.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { chat, startTestServices, textOf, watchUntil, type TestServices } from "./support.ts";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
});
beforeEach(() => {
  exporter.reset();
  register.resetMetrics();
});
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
});

const read = (ctx: TestServices, model = "a") => Array.fromAsync(ctx.client.inference.chat(chat("count:2", model)));
const span = (name: string) => exporter.getFinishedSpans().filter((one) => one.name === name);
/** The samples of a metric, as `labels value`. */
async function samples(name: string): Promise<string[]> {
  const text = await register.getSingleMetricAsString(`tokenwire_${name}`);
  const lines = text.split("\n").filter((line) => line.startsWith("tokenwire"));
  return lines.map((line) =>
    line.replace(/^tokenwire_\w+\{(.*)\} (.*)$/, (_, labels: string, value) => {
      return `${labels.replaceAll(/\w+="([^"]*)"/g, "$1")} ${value}`;
    }),
  );
}

describe("a stream whose model is not in memory", () => {
  test("is told so at once, and its span links to that of the load", async () => {
    await using ctx = await startTestServices({ models: { a: "slow.gguf" }, ttl: 60 });
    const cold = await read(ctx);
    expect(cold[0]?.event).toMatchObject({ case: "loading", value: { model: "a" } });
    expect(cold.map(({ event }) => event.case).filter((name) => name !== "loading")).toEqual([
      "started",
      "text",
      "text",
      "finished",
    ]);
    const warm = await read(ctx);
    expect(warm[0]?.event.case).toBe("started");

    await waitUntil("both spans have ended", () => span("tokenwire.v1.InferenceService/Chat").length >= 2);
    const [load] = span("load a");
    const links = exporter.getFinishedSpans().map(({ links }) => links.map((link) => link.context.spanId));
    expect(links.filter((ids) => ids.length > 0)).toEqual([[load?.spanContext().spanId]]);
    expect(load?.parentSpanContext).toBeUndefined();
  });

  test("gives the load up when its caller leaves", async () => {
    await using ctx = await startTestServices({ models: { a: "never-loads.gguf" }, ttl: 60 });
    for await (const { event } of ctx.client.inference.chat(chat("count:2"))) {
      expect(event.case).toBe("loading");
      break;
    }
    await watchUntil(ctx, ({ state, requests }) => state === ModelState.UNLOADED && requests?.waiting === 0);
    expect(await samples("model_unloads_total")).toContain("a,abandoned 1");
  });
});

test("a load that finds no memory is refused with a time to come again, and told apart from a broken file", async () => {
  await using ctx = await startTestServices({ models: { a: "no-memory.gguf", b: "broken.gguf" }, ttl: 60 });
  expect(await rejection(read(ctx))).toMatchObject({ reason: ErrorReason.INSUFFICIENT_MEMORY, retryAfterMs: 10_000 });
  expect(await rejection(read(ctx, "b"))).toMatchObject({
    reason: ErrorReason.MODEL_LOAD_FAILED,
    retryAfterMs: undefined,
  });
  const { models } = await ctx.client.models.listModels({});
  const reasons = models.map(({ errorReason }) => errorReason);
  expect(reasons).toEqual([ErrorReason.INSUFFICIENT_MEMORY, ErrorReason.MODEL_LOAD_FAILED]);
  expect(await samples("model_refusals_total")).toEqual(["a 1", "b 0"]);
  expect(await samples("model_load_failures_total")).toEqual(["a 1", "b 1"]);
  expect(span("load a")[0]?.status).toMatchObject({ code: SpanStatusCode.ERROR, message: "GPU0 has no room for it" });
});

test("models that take turns are in the log, the metrics and the spans with what they take", async () => {
  await using ctx = await startTestServices({
    models: { a: "takes-600MB.gguf", b: "takes-700MB.gguf", c: "takes-2000MB.gguf" },
    ttl: 60,
    service: { memory_limit: "1GB" },
    readRam: () => ({ totalBytes: 4e9, availableBytes: 3e9 }),
  });
  for (const model of ["a", "b", "a", "b"]) expect(textOf(await read(ctx, model))).toBe("w1 w2 ");
  const refused = await rejection(read(ctx, "c"));
  expect(refused).toMatchObject({ reason: ErrorReason.INSUFFICIENT_MEMORY, retryAfterMs: undefined });

  expect(await samples("model_loads_total")).toEqual(["a 2", "b 2", "c 0"]);
  expect(await samples("model_evictions_total")).toEqual(["a 2", "b 1", "c 0"]);
  expect(await samples("model_switches_total")).toEqual(["a 1", "b 2", "c 0"]);
  expect(await samples("model_refusals_total")).toEqual(["a 0", "b 0", "c 1"]);
  expect(await samples("device_memory_bytes")).toEqual([
    "RAM,total 4000000000",
    "RAM,free 3000000000",
    "RAM,usable 1000000000",
    "RAM,held 700000000",
  ]);
  expect(await samples("model_memory_bytes")).toEqual(
    expect.arrayContaining(["a,RAM,estimated 600000000", "a,RAM,measured 0", "b,RAM,weights 700000000"]),
  );
  expect(ctx.log()).toContain('model \\"a\\" unloaded: model \\"b\\" needs its memory (600 MB of RAM free again)');
  expect(ctx.log()).toContain('a request was refused: model \\"c\\" needs 2.00 GB of RAM');
  expect(span("unload a")[0]?.attributes).toMatchObject({
    "tokenwire.unload.reason": "room",
    "tokenwire.model.memory.RAM": 600e6,
  });
  // Models that are served no more have no series any more.
  ctx.services.configure({ models: [], folderModel: {} });
  await waitUntil("all have left", async () => (await ctx.client.models.listModels({})).models.length === 0);
  expect(await samples("model_memory_bytes")).toEqual([]);
  expect(await samples("model_unloads_total")).toEqual([]);
});
