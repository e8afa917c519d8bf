import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startTracing } from "../../../clients/tracing/sdk.ts";
import { withSpan } from "../../../clients/tracing/tracer.ts";

describe("startTracing", () => {
  test("sends spans to the collector on shutdown, with headers and resource", async () => {
    const received = Promise.withResolvers<{ url?: string; token?: unknown; body: string }>();
    const collector = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const { url = "", headers } = request;
        received.resolve({ url, token: headers["x-token"], body });
        response.end("{}");
      });
    }).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { port } = collector.address() as AddressInfo;
    const tracing = await startTracing({
      serviceName: "under-test",
      tracesUrl: `http://127.0.0.1:${port}/v1/traces`,
      headers: { "x-token": "secret" },
      resourceAttributes: { "k8s.pod.name": "pod-1" },
    });
    await withSpan("hello", {}, async () => {});
    await tracing.shutdown();
    const { url, token, body } = await received.promise;
    expect(url).toBe("/v1/traces");
    expect(token).toBe("secret");
    for (const text of ["under-test", "pod-1", '"name":"hello"']) expect(body).toContain(text);
    collector.closeAllConnections();
    collector.close();
  });

  test("shuts down within 2 s when the collector hangs, without rejecting", async () => {
    const collector = createServer(() => {}).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { port } = collector.address() as AddressInfo;
    const tracing = await startTracing({ serviceName: "x", tracesUrl: `http://127.0.0.1:${port}/v1/traces` });
    await withSpan("hello", {}, async () => {});
    const before = performance.now();
    await tracing.shutdown();
    expect(performance.now() - before).toBeLessThan(2_500);
    collector.closeAllConnections();
    collector.close();
  });

  test("loads nothing of the SDK without an endpoint, and everything works untraced", async () => {
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ resolve: (name, context, next) => (loaded.push(name), next(name, context)) });
      const { startTracing } = await import(${JSON.stringify(new URL("../../../clients/tracing/sdk.ts", import.meta.url))});
      const { withSpan } = await import(${JSON.stringify(new URL("../../../clients/tracing/tracer.ts", import.meta.url))});
      await import(${JSON.stringify(new URL("../../../clients/index.ts", import.meta.url))});
      const tracing = await startTracing({ serviceName: "x" });
      const answer = await withSpan("hello", {}, async () => 42);
      await tracing.shutdown();
      const packages = new Set(loaded.filter((name) => name.startsWith("@opentelemetry/")));
      console.log(JSON.stringify({ answer, packages: [...packages] }));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    expect(JSON.parse(stdout)).toEqual({ answer: 42, packages: ["@opentelemetry/api"] });
  });
});
