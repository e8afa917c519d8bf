import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient, ErrorReason, openChannel, RpcError } from "../../../clients/index.ts";
import { streamWithSpan, withSpan } from "../../../clients/tracing/tracer.ts";
import { Health } from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import { createHealthRegistry, healthHandlers } from "../../../services/rpc/standard/health.ts";
import { aborted, collect, rejection, startRpc, textEvent } from "../../support/rpc.ts";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
});
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

/** Spans by name and kind, once all of `count` have ended. */
async function finishedSpans(count: number) {
  while (exporter.getFinishedSpans().length < count) await new Promise(setImmediate);
  const spans = exporter.getFinishedSpans();
  expect(spans).toHaveLength(count);
  const find = (name: string, kind: SpanKind) => {
    const span = spans.find((candidate) => candidate.name === name && candidate.kind === kind);
    if (!span) throw new Error(`no span ${name}; there are ${spans.map((each) => each.name).join(", ")}`);
    return span;
  };
  return { find };
}

const chat = "tokenwire.v1.InferenceService/Chat";
const tokenize = "tokenwire.v1.InferenceService/Tokenize";

describe("one trace", () => {
  test("goes from the caller's span through client and server into every step of a stream's handler", async () => {
    const active: (string | undefined)[] = [];
    await using rpc = await startRpc({
      async *chat() {
        for (let i = 0; i < 3; i++) {
          yield textEvent(`${i}`);
          active.push(trace.getActiveSpan()?.spanContext().spanId);
          await withSpan(`step ${i}`, {}, () => new Promise(setImmediate));
        }
      },
    });
    await withSpan("caller", {}, () => collect(rpc.client.inference.chat({})));

    const spans = await finishedSpans(6);
    const caller = spans.find("caller", SpanKind.INTERNAL);
    const client = spans.find(chat, SpanKind.CLIENT);
    const server = spans.find(chat, SpanKind.SERVER);
    expect(client.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId);
    expect(server.spanContext().traceId).toBe(caller.spanContext().traceId);
    expect(active).toEqual(Array(3).fill(server.spanContext().spanId));
    for (let i = 0; i < 3; i++) {
      const step = spans.find(`step ${i}`, SpanKind.INTERNAL);
      expect(step.parentSpanContext?.spanId).toBe(server.spanContext().spanId);
    }
    const [host, port] = rpc.address.split(":");
    expect(client.attributes).toEqual({
      "rpc.system.name": "grpc",
      "rpc.method": chat,
      "rpc.response.status_code": "OK",
      "server.address": host,
      "server.port": Number(port),
    });
    expect(server.attributes).toMatchObject({
      "rpc.system.name": "grpc",
      "rpc.method": chat,
      "rpc.response.status_code": "OK",
      "network.peer.address": "127.0.0.1",
    });
  });

  test("keeps the caller's span as parent when the stream is read elsewhere", async () => {
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent("a");
      },
    });
    const stream = await withSpan("caller", {}, async () => rpc.client.inference.chat({}));
    await withSpan("reader", {}, () => collect(stream));
    const spans = await finishedSpans(4);
    const caller = spans.find("caller", SpanKind.INTERNAL);
    expect(spans.find(chat, SpanKind.CLIENT).parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
  });

  test("ends both spans of a call that its reader leaves, which is no error of the server", async () => {
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        yield textEvent("a");
        await aborted(signal);
      },
    });
    for await (const _ of rpc.client.inference.chat({})) break;
    const spans = await finishedSpans(2);
    const server = spans.find(chat, SpanKind.SERVER);
    expect(server.attributes["rpc.response.status_code"]).toBe("CANCELLED");
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.find(chat, SpanKind.CLIENT).attributes["error.type"]).toBe("CANCELLED");
  });

  test.each([
    { reason: ErrorReason.INVALID_PARAMETER, status: "INVALID_ARGUMENT", serverError: false },
    { reason: ErrorReason.OVERLOADED, status: "UNAVAILABLE", serverError: true },
  ])("says $status, which is an error of the server: $serverError", async ({ reason, status, serverError }) => {
    await using rpc = await startRpc({
      async tokenize() {
        throw new RpcError(reason, "no");
      },
    });
    await rejection(rpc.client.inference.tokenize({}));
    const spans = await finishedSpans(2);
    const server = spans.find(tokenize, SpanKind.SERVER);
    expect(server.attributes["rpc.response.status_code"]).toBe(status);
    expect(server.attributes["error.type"]).toBe(serverError ? status : undefined);
    const client = spans.find(tokenize, SpanKind.CLIENT);
    expect(client.attributes["error.type"]).toBe(status);
    expect(client.status).toEqual({ code: SpanStatusCode.ERROR });
  });

  test("has no spans of probes, which come every few seconds", async () => {
    await using rpc = await startRpc({ tokenize: async () => ({ tokens: [1] }) });
    const registry = createHealthRegistry();
    registry.set("", true);
    rpc.server.add(Health, healthHandlers(registry));
    const channel = openChannel(rpc.address);
    await createClient(Health, channel).check({});
    channel.close();
    await rpc.client.inference.tokenize({});
    const spans = await finishedSpans(2);
    spans.find(tokenize, SpanKind.CLIENT);
    spans.find(tokenize, SpanKind.SERVER);
  });

  test("says DEADLINE_EXCEEDED on both sides", async () => {
    await using rpc = await startRpc({
      async tokenize(_request, { signal }) {
        await aborted(signal);
        throw signal.reason;
      },
      detokenize: async () => ({}),
    });
    // So that the deadline is not over before there is a connection.
    await rpc.client.inference.detokenize({});
    await finishedSpans(2);
    exporter.reset();
    await rejection(rpc.client.inference.tokenize({}, { timeoutMs: 200 }));
    const spans = await finishedSpans(2);
    expect(spans.find(tokenize, SpanKind.SERVER).attributes["rpc.response.status_code"]).toBe("DEADLINE_EXCEEDED");
    expect(spans.find(tokenize, SpanKind.CLIENT).attributes["rpc.response.status_code"]).toBe("DEADLINE_EXCEEDED");
  });

  test("does not take baggage from a caller", async () => {
    await using rpc = await startRpc({
      detokenize: async () => ({ text: propagation.getActiveBaggage() ? "some" : "none" }),
    });
    const { text } = await rpc.client.inference.detokenize({}, { metadata: { baggage: "user=root" } });
    expect(text).toBe("none");
  });
});

describe("streamWithSpan", () => {
  async function* numbers() {
    yield trace.getActiveSpan()?.spanContext().spanId;
    await new Promise(setImmediate);
    yield trace.getActiveSpan()?.spanContext().spanId;
  }

  test("has its span active in every next(), whoever calls it", async () => {
    const stream = streamWithSpan("work", {}, numbers);
    const seen = [
      await withSpan("one", {}, async () => (await stream.next()).value),
      await withSpan("two", {}, async () => (await stream.next()).value),
    ];
    await stream.next();
    const work = (await finishedSpans(3)).find("work", SpanKind.INTERNAL);
    expect(seen).toEqual([work.spanContext().spanId, work.spanContext().spanId]);
  });

  test("ends its span when the reader leaves, and returns the stream inside of it", async () => {
    let last: string | undefined;
    const stream = streamWithSpan("work", {}, async function* () {
      try {
        yield 1;
      } finally {
        last = trace.getActiveSpan()?.spanContext().spanId;
      }
    });
    for await (const _ of stream) break;
    const work = (await finishedSpans(1)).find("work", SpanKind.INTERNAL);
    expect(last).toBe(work.spanContext().spanId);
  });

  test("records what the stream throws, without its message", async () => {
    const stream = streamWithSpan("work", {}, async function* () {
      yield 1;
      throw new RpcError(ErrorReason.OVERLOADED, "the prompt was: secret");
    });
    await rejection(collect(stream));
    const work = (await finishedSpans(1)).find("work", SpanKind.INTERNAL);
    expect(work.attributes["error.type"]).toBe("OVERLOADED");
    expect(JSON.stringify([work.status, work.events, work.attributes])).not.toContain("secret");
  });
});
