import type { ShimHandler } from "../context.ts";
import type { EndpointDocs } from "../dialect/docs/endpoint-docs.ts";
import { createOpenApiDocument } from "../dialect/docs/openapi.ts";
import { ownUrl } from "../own-url.ts";
import type { RouteDeps } from "./deps.ts";

/** GET /openapi.json: what is served, made from the schemas that requests are checked with, when it is first asked for. */
export function openApi(deps: RouteDeps, endpoints: () => readonly EndpointDocs[]): ShimHandler {
  let documentFor: ReturnType<typeof createOpenApiDocument> | undefined;
  return (ctx) => {
    const about = { version: deps.version, withKey: deps.settings.api_key !== undefined };
    documentFor ??= createOpenApiDocument(endpoints(), about);
    ctx.body = documentFor(ownUrl(ctx, deps.settings));
  };
}
