import type { Registry } from "prom-client";
import type { DialectDeps } from "../dialect/deps.ts";

/** What routes are made of. */
export interface RouteDeps extends DialectDeps {
  readonly registry: Registry;
}
