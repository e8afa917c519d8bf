import { templateOf } from "../dialect/docs/endpoint-docs.ts";
import { nearestName } from "../dialect/request/nearest-name.ts";

interface RouteName {
  readonly method: string;
  readonly path: string;
}

/**
 * The route that a request for `path` probably meant: one whose path begins with it, `/v1/chat`, or is nearly it by its
 * letters. Undefined: none is near.
 */
export function nearestRoute<Route extends RouteName>(
  { method, path }: RouteName,
  routes: readonly Route[],
): Route | undefined {
  const asked = withoutVersion(path);
  const templates = routes.map((route) => withoutVersion(templateOf(route.path)));
  const longer = asked.length > 1 ? templates.find((template) => template.startsWith(`${asked}/`)) : undefined;
  const near = longer ?? nearestName(asked, templates);
  if (near === undefined) return undefined;
  const candidates = routes.filter((_, index) => templates[index] === near);
  return candidates.find((route) => route.method.toUpperCase() === method) ?? candidates[0];
}

/** Most paths begin with /v1, which says nothing of what was meant. */
function withoutVersion(path: string): string {
  return path.replace(/^\/v1(?=\/)/, "");
}
