import Router from "@koa/router";
import type { ShimHandler, ShimMiddleware, ShimState } from "../context.ts";
import type { Dialect, Endpoint } from "../dialect/dialect.ts";
import { endpointName } from "../dialect/docs/endpoint-docs.ts";
import { HttpError } from "../dialect/error-facts.ts";
import type { FindDialect } from "../dialect/find-dialect.ts";
import { type RouteDeps, runEndpoint } from "./run-endpoint.ts";
import { nearestRoute } from "./nearest-route.ts";
import { ownRoutes, type Route } from "./own-routes.ts";
import { trpc } from "./trpc.ts";
import { createWebPage } from "./web-page.ts";

export interface Routes {
  readonly router: Router<ShimState>;
  /** Comes after the router, and refuses what it did not serve. */
  readonly refuse: ShimMiddleware;
  /** Whether something is served at a path, by whatever method. */
  readonly isRoute: (path: string) => boolean;
}

export interface RoutesDeps extends RouteDeps {
  readonly findDialect: FindDialect;
}

/** Every route of the shim: its own, then those of the dialects. */
export function createRoutes(deps: RoutesDeps): Routes {
  const router = new Router<ShimState>();
  const web = createWebPage();
  const routes: readonly Route[] = [...ownRoutes(deps, web, () => routes), ...dialectRoutes(deps)];
  for (const { method, path, handler } of routes) router[method](path, handler);
  router.all("/trpc/*path", trpc(deps));
  for (const path of ["/assets/*file", "/icon.svg"]) router.get(path, web.asset);
  return {
    router,
    refuse: refuseRest(router, routes),
    isRoute: (path) => router.match(path, "GET").path.length > 0,
  };
}

/** A path that several dialects serve by the same method is one route, which asks whose a request is. */
function dialectRoutes(deps: RoutesDeps): Route[] {
  const byName = new Map<string, { readonly dialect: Dialect; readonly endpoint: Endpoint }[]>();
  for (const dialect of deps.dialects) {
    for (const endpoint of dialect.endpoints) {
      const name = endpointName(endpoint);
      byName.set(name, [...(byName.get(name) ?? []), { dialect, endpoint }]);
    }
  }
  return [...byName.values()].flatMap((speakers): Route[] => {
    const [first] = speakers;
    if (first === undefined) return [];
    const handlers = new Map(
      speakers.map(({ dialect, endpoint }) => [dialect, runEndpoint(deps, dialect, endpoint)] as const),
    );
    const shared: ShimHandler = async (ctx, next) => {
      const dialect = deps.findDialect(ctx.path, (name) => ctx.get(name));
      await (handlers.get(dialect) ?? handlers.get(first.dialect))?.(ctx, next);
    };
    const { name, errorSchema } = first.dialect;
    return [{ tag: name, ...(errorSchema && { refusal: errorSchema }), ...first.endpoint, handler: shared }];
  });
}

/** 405 for a known path with another method, else 404, which names the nearest route. */
function refuseRest(router: Router<ShimState>, routes: readonly Route[]): ShimMiddleware {
  return (ctx) => {
    const { method, path } = ctx;
    const allow = [...new Set(router.match(path, method).path.flatMap((layer) => layer.methods))].join(", ");
    if (allow !== "") {
      throw new HttpError(405, "method_not_allowed", `${method} is not served at ${path}: use ${allow}`, { allow });
    }
    const shown = path.slice(0, 200);
    const meant = nearestRoute({ method, path: shown }, routes);
    const guess = meant === undefined ? "" : `did you mean ${endpointName(meant)}? `;
    throw new HttpError(404, "not_found", `there is no ${method} ${shown} here; ${guess}GET /docs shows every route`);
  };
}
