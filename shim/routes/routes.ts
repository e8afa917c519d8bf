import Router from "@koa/router";
import type { ShimMiddleware, ShimState } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { chatCompletions } from "./chat-completions.ts";
import type { RouteDeps } from "./deps.ts";
import { health, metrics, ready } from "./health.ts";
import { getModel, listModels } from "./models.ts";

export interface Routes {
  readonly router: Router<ShimState>;
  /** Comes after the router, and refuses what it did not serve. */
  readonly refuse: ShimMiddleware;
}

/** Every route of the shim. */
export function createRoutes(deps: RouteDeps): Routes {
  const router = new Router<ShimState>();
  router.post(["/v1/chat/completions", "/chat/completions"], chatCompletions(deps));
  router.get("/v1/models", listModels(deps));
  router.get("/v1/models/*id", getModel(deps));
  router.get("/health", health());
  router.get("/ready", ready(deps));
  router.get("/metrics", metrics(deps));
  return { router, refuse: refuseRest(router) };
}

/** 405 for a known path with another method, else 404; both say what there is. */
function refuseRest(router: Router<ShimState>): ShimMiddleware {
  return (ctx) => {
    const methods = [...new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods))];
    if (methods.length > 0) {
      const allow = methods.join(", ");
      throw new HttpError(405, "method_not_allowed", `${ctx.method} is not served at ${ctx.path}: use ${allow}`, {
        allow,
      });
    }
    const routes = router.stack.map((layer) => `${layer.methods.at(-1)} ${layer.path}`).join(", ");
    throw new HttpError(404, "not_found", `there is no ${ctx.method} ${ctx.path.slice(0, 200)} here (have: ${routes})`);
  };
}
