import type { ShimHandler } from "../context.ts";
import { type EndpointDocs, endpointName } from "../dialect/docs/endpoint-docs.ts";
import { ownUrl } from "../own-url.ts";
import type { RouteDeps } from "./deps.ts";
import type { WebPage } from "./web-page.ts";

/** Clients of Ollama ask for this text, to know that somebody is there. */
const ollamasWords = "Ollama is running";

/** GET /: the web page for browsers; for programs what this server is and what it serves; for Ollama's clients their words. */
export function home(deps: RouteDeps, web: WebPage, endpoints: () => readonly EndpointDocs[]): ShimHandler {
  const page = web.page("index.html");
  return async (ctx) => {
    ctx.vary("accept");
    if (/^ollama/i.test(ctx.get("user-agent")) || ctx.get("accept").startsWith("text/plain")) {
      ctx.body = ollamasWords;
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
