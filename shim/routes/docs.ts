import type { ShimContext, ShimHandler } from "../context.ts";
import type { EndpointDocs } from "../dialect/docs/endpoint-docs.ts";
import { openApiDocument, type OpenApiDocument } from "../dialect/docs/openapi.ts";
import { ownUrl } from "../own-url.ts";
import type { RouteDeps } from "./deps.ts";

/** GET /openapi.json: what is served, made from the schemas that requests are checked with. */
export function openApi(deps: RouteDeps, endpoints: () => readonly EndpointDocs[]): ShimHandler {
  return (ctx) => {
    ctx.body = documentFor(ctx, deps, endpoints());
  };
}

function documentFor(ctx: ShimContext, deps: RouteDeps, endpoints: readonly EndpointDocs[]): OpenApiDocument {
  return openApiDocument(endpoints, {
    version: deps.version,
    serverUrl: ownUrl(ctx, deps.settings),
    withKey: deps.settings.api_key !== undefined,
  });
}
