import { ownUrl, type ShimHandler } from "../context.ts";
import type { EndpointDocs } from "../dialect/docs/endpoint-docs.ts";
import { createOpenApiDocument } from "../dialect/docs/openapi.ts";
import type { RouteDeps } from "./run-endpoint.ts";

/** GET /openapi.json: what is served, made from the schemas that requests are checked with, when it is first asked for. */
export function openApi(
  deps: RouteDeps,
  about: { readonly tags: Readonly<Record<string, string>>; readonly endpoints: () => readonly EndpointDocs[] },
): ShimHandler {
  let documentFor: ReturnType<typeof createOpenApiDocument> | undefined;
  return (ctx) => {
    const details = { version: deps.version, withKey: deps.settings.api_key !== undefined, tags: about.tags };
    documentFor ??= createOpenApiDocument(about.endpoints(), details);
    ctx.body = documentFor(ownUrl(ctx, deps.settings));
  };
}
