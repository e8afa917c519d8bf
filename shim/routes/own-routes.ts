import type { ShimHandler } from "../context.ts";
import type { EndpointDocs } from "../dialect/docs/openapi.ts";
import type { RouteDeps } from "./deps.ts";
import { docs, openApi } from "./docs.ts";
import { health, metrics, ready } from "./health.ts";
import { home } from "./home.ts";

/** One route: what it does, and what its callers are told about it. */
export interface Route extends EndpointDocs {
  readonly handler: ShimHandler;
}

/** The routes that are of no dialect: who answers here, and how it is. `all`: every route, once they are there. */
export function ownRoutes(deps: RouteDeps, all: () => readonly Route[]): readonly Route[] {
  const get = (path: string, summary: string, handler: ShimHandler) =>
    ({ method: "get", path, summary, handler }) as const;
  return [
    get("/", "What answers here, and where the rest is", home(deps, all)),
    get("/docs", "These routes as a page", docs(deps, all)),
    get("/openapi.json", "These routes as an OpenAPI document", openApi(deps, all)),
    get("/health", "200 while the process answers", health()),
    get("/ready", "200 when requests would be answered, else 503", ready(deps)),
    get("/metrics", "Prometheus metrics of this process", metrics(deps)),
  ];
}
