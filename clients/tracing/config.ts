import { StartError } from "../../config/config-error.ts";
import type { TracingOptions } from "./sdk.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads how to trace from the standard OTEL_* variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
 * SDK_DISABLED, TRACES_EXPORTER (`none`), EXPORTER_OTLP_ENDPOINT, EXPORTER_OTLP_TRACES_ENDPOINT, EXPORTER_OTLP_HEADERS,
 * EXPORTER_OTLP_TRACES_HEADERS, SERVICE_NAME, RESOURCE_ATTRIBUTES, TRACES_SAMPLER and its ARG. Without an endpoint,
 * nothing is traced. Throws on a value that means nothing, with the variable's name.
 */
export function readTracingConfig(serviceName: string, env: Environment = process.env): TracingOptions {
  const get = (name: string): string | undefined => env[`OTEL_${name}`]?.trim() || undefined;
  const { "service.name": namedByAttribute, ...resourceAttributes } = parsePairs("RESOURCE_ATTRIBUTES", get);
  const off = get("SDK_DISABLED")?.toLowerCase() === "true" || get("TRACES_EXPORTER") === "none";
  return {
    serviceName: get("SERVICE_NAME") ?? namedByAttribute ?? serviceName,
    tracesUrl: off ? undefined : tracesUrlFrom(get),
    headers: { ...parsePairs("EXPORTER_OTLP_HEADERS", get), ...parsePairs("EXPORTER_OTLP_TRACES_HEADERS", get) },
    resourceAttributes,
    sampling: samplingFrom(get),
  };
}

type Get = (name: string) => string | undefined;

function tracesUrlFrom(get: Get): string | undefined {
  const signal = get("EXPORTER_OTLP_TRACES_ENDPOINT");
  if (signal !== undefined) return parseUrl(signal, "EXPORTER_OTLP_TRACES_ENDPOINT").href;
  const base = get("EXPORTER_OTLP_ENDPOINT");
  if (base === undefined) return undefined;
  const url = parseUrl(base, "EXPORTER_OTLP_ENDPOINT");
  // The general endpoint is a base to which each signal adds its path; the signal's own is used as it is.
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return url.href;
}

function parseUrl(text: string, name: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new StartError(`OTEL_${name} is "${text}", which is not an http or https URL`);
}

/** `key=value,key=value`, values percent-encoded. */
function parsePairs(name: string, get: Get): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of get(name)?.split(",") ?? []) {
    const [key = "", ...value] = pair.split("=");
    if (pair.trim() === "") continue;
    try {
      if (key.trim() === "" || value.length === 0) throw new URIError("no key=value");
      pairs[key.trim()] = decodeURIComponent(value.join("=").trim());
    } catch (cause) {
      // The value may be a secret.
      throw new StartError(`OTEL_${name} is not a list of key=value pairs (at "${key.trim()}")`, { cause });
    }
  }
  return pairs;
}

function samplingFrom(get: Get): NonNullable<TracingOptions["sampling"]> {
  const sampler = get("TRACES_SAMPLER") ?? "parentbased_always_on";
  const [, parentBased, kind] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(sampler) ?? [];
  if (kind === undefined) throw new StartError(`OTEL_TRACES_SAMPLER is "${sampler}", which is not a known sampler`);
  const followsParent = parentBased !== undefined;
  if (kind !== "traceidratio") return { ratio: kind === "always_on" ? 1 : 0, followsParent };
  const ratio = Number(get("TRACES_SAMPLER_ARG") ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) throw new StartError(`OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1`);
  return { ratio, followsParent };
}
