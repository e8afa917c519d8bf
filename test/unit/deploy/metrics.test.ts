import { readFileSync } from "node:fs";
import { join } from "node:path";
import { register } from "prom-client";
import { expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";
import "../../../services/metrics/model-metrics.ts";
import "../../../services/metrics/request-metrics.ts";

const known = new Set(register.getMetricsAsArray().map(({ name }) => name));
const nameOf = (series: string): string => (known.has(series) ? series : series.replace(/_(bucket|sum|count)$/, ""));

test.each(["grafana-dashboard.json", "prometheus-alerts.yaml"])("%s asks for metrics that there are", (file) => {
  const text = readFileSync(join(packageRoot, "deploy", file), "utf8");
  const asked = [...new Set(text.match(/\btokenwire_[a-z_]+/g))].map(nameOf);
  expect(asked.length).toBeGreaterThan(3);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
