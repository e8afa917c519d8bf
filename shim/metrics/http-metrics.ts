import { collectDefaultMetrics, Gauge, Histogram, type Registry } from "prom-client";
import { routeOf, type ShimMiddleware } from "../context.ts";

const name = "tokenwire_http_request_duration_seconds";
/** From a health check to an answer of minutes. */
const buckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Observes how long each request took, from its arrival to the end of its answer, streams included. */
export function httpMetrics(registry: Registry): ShimMiddleware {
  const existing = registry.getSingleMetric(name);
  const durations =
    existing instanceof Histogram
      ? existing
      : new Histogram({
          name,
          help: "Time from an HTTP request's arrival to the end of its answer",
          labelNames: ["method", "route", "status"],
          buckets,
          registers: [registry],
        });
  return async (ctx, next) => {
    await next();
    const { summary, startedAt } = ctx.state;
    durations.observe(
      { method: methodOf(ctx.method), route: routeOf(ctx), status: String(summary.status ?? ctx.status) },
      (performance.now() - startedAt) / 1_000,
    );
  };
}

const knownMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"]);

function methodOf(method: string): string {
  return knownMethods.has(method) ? method : "_OTHER";
}

const buildInfo = "tokenwire_build_info";

/** Adds what is known of this process (CPU, memory, event loop, garbage collection) and of what runs in it. */
export function addProcessMetrics(registry: Registry, version: string): void {
  if (registry.getSingleMetric(buildInfo) !== undefined) return;
  collectDefaultMetrics({ register: registry });
  const labels = { version, node: process.versions.node };
  new Gauge({
    name: buildInfo,
    help: "1, with what runs.",
    labelNames: Object.keys(labels),
    registers: [registry],
  }).set(labels, 1);
}
