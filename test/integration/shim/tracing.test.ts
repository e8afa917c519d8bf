import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startRpc } from "../../support/rpc.ts";
import { chat, hello, testShim } from "./support.ts";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
});
beforeEach(() => exporter.reset());
afterAll(() => provider.shutdown());

test.each([false, true])("makes one trace from the REST caller to the gRPC service (stream: %s)", async (stream) => {
  await using rpc = await startRpc({
    async *chat() {
      yield* [chat.started(), chat.text("Hi"), chat.finished()];
    },
  });
  await using shim = await testShim(rpc);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const response = await shim.post(
    "/v1/chat/completions",
    { ...hello, stream },
    {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, "x-request-id": "abc", "user-agent": "test" },
    },
  );
  await response.text();
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(3);
  const spans = exporter.getFinishedSpans();
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  const server = spans.find((span) => span.name === "POST /v1/chat/completions");
  const client = spans.find((span) => span.kind === SpanKind.CLIENT);
  const service = spans.find((span) => span.kind === SpanKind.SERVER && span !== server);
  expect(server).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: { spanId: "b7ad6b7169203331" },
    attributes: {
      "http.request.method": "POST",
      "http.route": "/v1/chat/completions",
      "http.response.status_code": 200,
      "url.path": "/v1/chat/completions",
      "url.scheme": "http",
      "user_agent.original": "test",
      "tokenwire.request.id": "abc",
    },
  });
  expect(client?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
  expect(service?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId);
});

test("probes leave no trace, nor do the calls that they make", async () => {
  await using rpc = await startRpc({}, { models: { listModels: async () => ({ models: [] }) } });
  await using shim = await testShim(rpc);
  for (const path of ["/health", "/ready", "/metrics"]) await (await fetch(shim.url + path)).text();
  await (await fetch(`${shim.url}/v1/models`)).text();
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(3);
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toContain("GET /v1/models");
});

test("marks the span of a failed request, and no strange path becomes a name", async () => {
  await using shim = await testShim({});
  await fetch(`${shim.url}/made/up`);
  await shim.post("/v1/chat/completions", hello);
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(2);
  const [missing, failed] = exporter.getFinishedSpans();
  expect(missing).toMatchObject({ name: "GET", status: { code: SpanStatusCode.UNSET } });
  expect(missing?.attributes["http.route"]).toBeUndefined();
  expect(failed).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { "error.type": "internal_error", "http.response.status_code": 500 },
  });
});
