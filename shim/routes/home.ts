import { ownUrl, type ShimHandler } from "../context.ts";
import { type EndpointDocs, endpointName } from "../dialect/docs/endpoint-docs.ts";
import type { RouteDeps } from "./run-endpoint.ts";
import type { WebPage } from "./web-page.ts";

/** GET /: the web page for browsers; a dialect's words for its clients; for other programs what is served here. */
export function home(deps: RouteDeps, web: WebPage, endpoints: () => readonly EndpointDocs[]): ShimHandler {
  const greetings = deps.dialects.flatMap(({ greeting }) => (greeting ? [greeting] : []));
  const page = web.page("index.html");
  return async (ctx) => {
    ctx.vary("accept");
    const greeting = greetings.find(({ isFor }) => isFor((name) => ctx.get(name)));
    if (greeting !== undefined) {
      ctx.body = greeting.text;
      return;
    }
    if (ctx.accepts("json", "html") === "html") {
      await page(ctx);
      return;
    }
    ctx.body = {
      name: "tokenwire",
      version: deps.version,
      description: "OpenAI-compatible server for GGUF models",
      base_url: `${ownUrl(ctx, deps.settings)}/v1`,
      routes: endpoints().map(endpointName),
    };
  };
}
