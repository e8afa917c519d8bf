import Router from "@koa/router";
import type { ShimMiddleware, ShimState } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { endpointName } from "../openai/openapi.ts";
import type { RouteDeps } from "./deps.ts";
import { routeTable } from "./route-table.ts";
import { trpc } from "./trpc.ts";

export interface Routes {
  readonly router: Router<ShimState>;
  /** Comes after the router, and refuses what it did not serve. */
  readonly refuse: ShimMiddleware;
}

/** Every route of the shim. */
export function createRoutes(deps: RouteDeps): Routes {
  const router = new Router<ShimState>();
  const routes = routeTable(deps);
  for (const { method, path, handler } of routes) router[method](path, handler);
  router.all("/trpc/*path", trpc(deps));
  return { router, refuse: refuseRest(router, routes.map(endpointName).join(", ")) };
}

/** 405 for a known path with another method, else 404; both say what there is. */
function refuseRest(router: Router<ShimState>, have: string): ShimMiddleware {
  return (ctx) => {
    const { method, path } = ctx;
    const allow = [...new Set(router.match(path, method).path.flatMap((layer) => layer.methods))].join(", ");
    if (allow !== "") {
      throw new HttpError(405, "method_not_allowed", `${method} is not served at ${path}: use ${allow}`, { allow });
    }
    throw new HttpError(404, "not_found", `there is no ${method} ${path.slice(0, 200)} here (have: ${have})`);
  };
}
