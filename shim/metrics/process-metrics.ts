import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";

const name = "tokenwire_build_info";

/** Adds what is known of this process (CPU, memory, event loop, garbage collection) and of what runs in it. */
export function addProcessMetrics(registry: Registry, version: string): void {
  if (registry.getSingleMetric(name) !== undefined) return;
  collectDefaultMetrics({ register: registry });
  const labels = { version, node: process.versions.node };
  new Gauge({ name, help: "1, with what runs.", labelNames: Object.keys(labels), registers: [registry] }).set(
    labels,
    1,
  );
}
