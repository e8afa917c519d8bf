import type { ShimHandler } from "../context.ts";
import type { EndpointDocs } from "../dialect/docs/openapi.ts";
import type { RouteDeps } from "./deps.ts";
import { openApi } from "./docs.ts";
import { health, metrics, ready } from "./health.ts";
import { home } from "./home.ts";
import type { WebPage } from "./web-page.ts";

/** One route: what it does, and what its callers are told about it. */
export interface Route extends EndpointDocs {
  readonly handler: ShimHandler;
}

/** The routes that are of no dialect: who answers here, and how it is. `all`: every route, once they are there. */
export function ownRoutes(deps: RouteDeps, web: WebPage, all: () => readonly Route[]): readonly Route[] {
  const get = (path: string, summary: string, handler: ShimHandler) =>
    ({ method: "get", path, summary, handler }) as const;
  return [
    get("/", "The web page for browsers, else what is served here", home(deps, web, all)),
    get("/docs", "These routes as a page to try them on", web.page("docs.html")),
    get("/openapi.json", "These routes as an OpenAPI document", openApi(deps, all)),
    get("/health", "200 while the process answers", health()),
    get("/ready", "200 when requests would be answered, else 503", ready(deps)),
    get("/metrics", "Prometheus metrics of this process", metrics(deps)),
  ];
}
