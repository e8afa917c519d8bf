import type { ShimHandler } from "../context.ts";
import type { RouteDeps } from "./deps.ts";

/** GET /: what answers here, and where the rest is. */
export function home(deps: RouteDeps, routes: () => readonly string[]): ShimHandler {
  return (ctx) => {
    ctx.body = {
      name: "tokenwire",
      version: deps.version,
      description: "OpenAI-compatible server for GGUF models",
      base_url: `${ctx.origin}${deps.settings.root_path}/v1`,
      routes: routes(),
    };
  };
}
