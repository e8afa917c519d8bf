import type { ShimHandler } from "../context.ts";
import { type EndpointDocs, endpointName } from "../dialect/docs/openapi.ts";
import { ownUrl } from "../own-url.ts";
import type { RouteDeps } from "./deps.ts";

/** GET /: what answers here, and where the rest is. */
export function home(deps: RouteDeps, endpoints: () => readonly EndpointDocs[]): ShimHandler {
  return (ctx) => {
    ctx.body = {
      name: "tokenwire",
      version: deps.version,
      description: "OpenAI-compatible server for GGUF models",
      base_url: `${ownUrl(ctx, deps.settings)}/v1`,
      routes: endpoints().map(endpointName),
    };
  };
}
