import { randomUUID } from "node:crypto";
import { context, diag, DiagLogLevel, propagation, trace } from "@opentelemetry/api";
import { attr } from "./names.ts";

export interface TracingOptions {
  readonly serviceName: string;
  readonly serviceVersion?: string;
  /** Where spans are sent: the whole URL of an OTLP/HTTP collector, `http://host:4318/v1/traces`. Unset: nothing is traced. */
  readonly tracesUrl?: string | undefined;
  /** Sent with every export, such as a collector's token. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What else is known of this process, such as `k8s.pod.name`. */
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  /** Unset: every trace, unless its parent was not sampled. */
  readonly sampling?: TraceSampling;
  /** Is told when spans cannot be sent. */
  readonly onWarning?: (message: string) => void;
}

export interface TraceSampling {
  /** Of the traces that begin here, from 0 to 1. */
  readonly ratio: number;
  /** A trace that began elsewhere is sampled as it was there. */
  readonly followsParent: boolean;
}

export interface Tracing {
  /** Sends what is left, for at most 2 s, and stops tracing. Never rejects. */
  shutdown(): Promise<void>;
}

/** Long enough for a collector nearby; one that is away would hold the end of the process up for 9 s and then reject. */
const shutdownMs = 2_000;

/**
 * Starts tracing in this process, once: spans, the context that follows asynchronous code, and W3C trace context to and
 * from other processes. The SDK is loaded only when there is somewhere to send spans to.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { tracesUrl: url } = options;
  if (url === undefined) return { shutdown: async () => {} };

  const [sdk, exporters, resources, core, contexts] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/core"),
    import("@opentelemetry/context-async-hooks"),
  ]);
  const { ratio, followsParent } = options.sampling ?? { ratio: 1, followsParent: true };
  const root = new sdk.TraceIdRatioBasedSampler(ratio);
  const exporter = new exporters.OTLPTraceExporter({ url, headers: { ...options.headers } });
  const provider = new sdk.TracerProvider({
    resource: resources.defaultResource().merge(
      resources.resourceFromAttributes({
        // One of each process; an attribute of the operator's goes before it.
        [attr.serviceInstanceId]: randomUUID(),
        ...(options.serviceVersion !== undefined && { [attr.serviceVersion]: options.serviceVersion }),
        ...options.resourceAttributes,
        [attr.serviceName]: options.serviceName,
      }),
    ),
    sampler: followsParent ? new sdk.ParentBasedSampler({ root }) : root,
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });

  const { onWarning } = options;
  if (onWarning) {
    const ignore = () => {};
    diag.setLogger(
      { error: onWarning, warn: onWarning, info: ignore, debug: ignore, verbose: ignore },
      DiagLogLevel.WARN,
    );
  }
  context.setGlobalContextManager(new contexts.AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);

  return {
    async shutdown() {
      const { promise: timeout, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, shutdownMs);
      await Promise.race([provider.shutdown().catch(() => {}), timeout]);
      clearTimeout(timer);
      diag.disable();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
