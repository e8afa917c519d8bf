import type { ShimContext } from "./context.ts";

/**
 * The template of the route that a request matched, `/v1/models/*id`; for none a fixed word, because a path that a
 * stranger made up must not become a metric's label or a span's name.
 */
export function routeOf(ctx: ShimContext): string {
  const matched: unknown = "_matchedRoute" in ctx ? ctx["_matchedRoute"] : undefined;
  if (typeof matched === "string") return matched;
  return noRoute;
}

/** The word for a request that matched no route. */
export const noRoute = "(none)";

/** The paths that tell how the server is: open to all, served until the end, and too frequent for the log. */
export const probes: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics"]);
