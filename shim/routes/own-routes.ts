import { z } from "zod";
import type { ShimHandler } from "../context.ts";
import { type EndpointDocs, named } from "../dialect/docs/endpoint-docs.ts";
import { modelStateNameSchema } from "../dialect/answer/model-state.ts";
import type { RouteDeps } from "./run-endpoint.ts";
import { openApi } from "./docs.ts";
import { health, metrics, ready } from "./health.ts";
import { home } from "./home.ts";
import type { WebPage } from "./web-page.ts";

/** One route: what it does, and what its callers are told about it. */
export interface Route extends EndpointDocs {
  readonly handler: ShimHandler;
}

const homeSchema = named(
  "ServerInfo",
  z.strictObject({
    name: z.literal("tokenwire"),
    version: z.string(),
    description: z.string(),
    base_url: z.string().describe("For OpenAI's clients."),
    routes: z.array(z.string()),
  }),
);
const healthSchema = named("Health", z.strictObject({ status: z.literal("ok") }));
const readinessSchema = named(
  "Readiness",
  z.strictObject({
    status: z.enum(["ready", "loading", "failed", "unreachable", "shutting down"]),
    models: z.record(z.string(), modelStateNameSchema).exactOptional(),
    error: z.string().exactOptional(),
  }),
);

/** What their heading in the OpenAPI document says. */
const ownTags = [["Server", "This server itself: pages, probes and metrics."]] as const;

/** The routes that are of no dialect: who answers here, and how it is. `all`: every route, once they are there. */
export function ownRoutes(deps: RouteDeps, web: WebPage, all: () => readonly Route[]): readonly Route[] {
  const tags = Object.fromEntries([...deps.dialects.flatMap((it) => Object.entries(it.tags ?? {})), ...ownTags]);
  const get = (path: string, about: Omit<Route, "method" | "path" | "tag" | "isOpen">): Route => {
    return { method: "get", path, tag: "Server", isOpen: true, ...about };
  };
  return [
    get("/", {
      operationId: "getServerInfo",
      summary: "The web page for browsers; for other clients, what is served here",
      result: homeSchema,
      handler: home(deps, web, all),
    }),
    get("/docs", {
      operationId: "getDocs",
      summary: "A page that shows these routes and tries them",
      result: ["text/html"],
      handler: web.page("docs.html"),
    }),
    get("/openapi.json", {
      operationId: "getOpenApi",
      summary: "These routes as an OpenAPI document",
      result: z.record(z.string(), z.unknown()),
      handler: openApi(deps, { tags, endpoints: all }),
    }),
    get("/health", {
      operationId: "getHealth",
      summary: "200 while the process answers",
      result: healthSchema,
      handler: health(),
    }),
    get("/ready", {
      operationId: "getReadiness",
      summary: "200 when requests would be answered, else 503",
      result: readinessSchema,
      otherResults: { "503": { description: "Requests would not be answered now", result: readinessSchema } },
      handler: ready(deps),
    }),
    get("/metrics", {
      operationId: "getMetrics",
      summary: "Prometheus metrics of this process",
      result: ["text/plain"],
      handler: metrics(deps),
    }),
  ];
}
