import { expect, test } from "vitest";
import { type ExportedSpan, startCollector } from "../support/otlp-collector.ts";
import { startTokenwire } from "../support/tokenwire.ts";

const kinds = { internal: 1, server: 2, client: 3 } as const;

test("one trace goes from the caller's request to the decode loop", async () => {
  await using collector = await startCollector();
  await using tokenwire = await startTokenwire({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const callerSpan = "b7ad6b7169203331";
  const response = await fetch(`${tokenwire.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: `00-${traceId}-${callerSpan}-01` },
    body: JSON.stringify({ messages: [{ role: "user", content: "Hello!" }], stream: true, temperature: 0 }),
  });
  await response.text();
  // The end sends what is left.
  await tokenwire.stop();

  const spans = collector.spans.filter((span) => span.traceId === traceId);
  const chain = ["POST /v1/chat/completions", "tokenwire.v1.InferenceService/Chat"];
  const http = only(spans, (span) => span.name === chain[0]);
  expect(http).toMatchObject({ kind: kinds.server, parentSpanId: callerSpan });
  const rpc = spans.filter((span) => span.name === chain[1]);
  const toService = only(rpc, (span) => span.parentSpanId === http.spanId);
  expect(toService.kind).toBe(kinds.client);
  const service = only(rpc, (span) => span.parentSpanId === toService.spanId);
  expect(service.kind).toBe(kinds.server);
  const toWorker = only(rpc, (span) => span.kind === kinds.client && span.spanId !== toService.spanId);
  const worker = only(rpc, (span) => span.parentSpanId === toWorker.spanId);
  expect(worker.kind).toBe(kinds.server);

  const generation = only(spans, (span) => span.name === "chat tiny-guide");
  expect(generation).toMatchObject({ kind: kinds.internal, parentSpanId: worker.spanId });
  expect(attributes(generation)).toMatchObject({
    "gen_ai.operation.name": { stringValue: "chat" },
    "gen_ai.provider.name": { stringValue: "llama_cpp" },
    "gen_ai.request.model": { stringValue: "tiny-guide" },
    "gen_ai.usage.input_tokens": { intValue: 10 },
    "gen_ai.usage.output_tokens": { intValue: 10 },
  });
  for (const name of ["queue", "prefill", "decode"]) only(spans, (span) => span.name === name);
  expect(attributes(service)).toMatchObject({
    "rpc.system.name": { stringValue: "grpc" },
    "rpc.method": { stringValue: "tokenwire.v1.InferenceService/Chat" },
  });

  // Every span but the first hangs on another of the same trace.
  const ids = new Set(spans.map((span) => span.spanId));
  expect(spans.filter((span) => !ids.has(span.parentSpanId))).toEqual([http]);
  expect(JSON.stringify(collector.spans)).not.toContain("Hello!");
});

function only(spans: readonly ExportedSpan[], matches: (span: ExportedSpan) => boolean): ExportedSpan {
  const found = spans.filter(matches);
  expect(found.map(({ name }) => name)).toHaveLength(1);
  return found[0] as ExportedSpan;
}

function attributes(span: ExportedSpan): Record<string, unknown> {
  return Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]));
}
