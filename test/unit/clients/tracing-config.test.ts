import { describe, expect, test } from "vitest";
import { readTracingConfig } from "../../../clients/tracing/config.ts";

const read = (env: Record<string, string>) => readTracingConfig("tokenwire", env);

describe("readTracingConfig", () => {
  test("traces nothing without an endpoint", () => {
    expect(read({})).toEqual({
      serviceName: "tokenwire",
      tracesUrl: undefined,
      headers: {},
      resourceAttributes: {},
      sampling: { ratio: 1, followsParent: true },
    });
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: " " }).tracesUrl).toBeUndefined();
  });

  test.each([
    ["http://collector:4318", "http://collector:4318/v1/traces"],
    ["http://collector:4318/", "http://collector:4318/v1/traces"],
    ["https://host/otlp", "https://host/otlp/v1/traces"],
    ["https://host/otlp/?key=1", "https://host/otlp/v1/traces?key=1"],
  ])("takes the general endpoint %s for a base", (endpoint, url) => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).tracesUrl).toBe(url);
  });

  test("takes the traces' own endpoint as it is, and first", () => {
    const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://a/x", OTEL_EXPORTER_OTLP_ENDPOINT: "http://b" };
    expect(read(env).tracesUrl).toBe("http://a/x");
  });

  test.each([{ OTEL_SDK_DISABLED: "TRUE" }, { OTEL_TRACES_EXPORTER: "none" }])("is switched off by %j", (off) => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://b", ...off }).tracesUrl).toBeUndefined();
  });

  test("reads headers, attributes and the service's name", () => {
    const config = read({
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20a=b, x-tenant=1,",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-tenant=2",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=from-attributes,k8s.pod.name=pod-1",
    });
    expect(config.headers).toEqual({ authorization: "Bearer a=b", "x-tenant": "2" });
    expect(config.resourceAttributes).toEqual({ "k8s.pod.name": "pod-1" });
    expect(config.serviceName).toBe("from-attributes");
    const named = { OTEL_SERVICE_NAME: "mine", OTEL_RESOURCE_ATTRIBUTES: "service.name=other" };
    expect(read(named).serviceName).toBe("mine");
  });

  test.each([
    ["always_on", undefined, { ratio: 1, followsParent: false }],
    ["always_off", undefined, { ratio: 0, followsParent: false }],
    ["parentbased_always_off", undefined, { ratio: 0, followsParent: true }],
    ["parentbased_traceidratio", "0.25", { ratio: 0.25, followsParent: true }],
    ["traceidratio", undefined, { ratio: 1, followsParent: false }],
  ])("reads the sampler %s %s", (sampler, arg, sampling) => {
    const env = { OTEL_TRACES_SAMPLER: sampler, ...(arg !== undefined && { OTEL_TRACES_SAMPLER_ARG: arg }) };
    expect(read(env).sampling).toEqual(sampling);
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "nothing" }, "OTEL_EXPORTER_OTLP_HEADERS"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "token=%zz" }, "OTEL_EXPORTER_OTLP_HEADERS"],
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "OTEL_TRACES_SAMPLER"],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" }, "OTEL_TRACES_SAMPLER_ARG"],
  ])("refuses %j with the variable's name", (env: Record<string, string>, name) => {
    expect(() => read(env)).toThrow(name);
  });
});
