import Router from "@koa/router";
import type { ShimMiddleware, ShimState } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { completions, engineCompletions } from "./completions.ts";
import { embeddings } from "./embeddings.ts";
import { home } from "./home.ts";
import { applyTemplate, detokenize, extrasDetokenize, extrasTokenize, tokenize } from "./tokens.ts";
import { chatCompletions } from "./chat-completions.ts";
import { trpc } from "./trpc.ts";
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
  const names = (): string[] =>
    router.stack.map(({ methods, path }) => `${methods.length > 2 ? "*" : methods.at(-1)} ${path}`);
  router.get("/", home(deps, names));
  router.post("/v1/chat/completions", chatCompletions(deps));
  router.post("/v1/completions", completions(deps));
  router.post("/v1/engines/copilot-codex/completions", engineCompletions(deps, "copilot-codex"));
  router.post("/v1/embeddings", embeddings(deps));
  router.get("/v1/models", listModels(deps));
  router.get("/v1/models/*id", getModel(deps));
  router.get("/health", health());
  router.get("/ready", ready(deps));
  router.get("/metrics", metrics(deps));
  // As the replaced server has them.
  router.post("/extras/tokenize", extrasTokenize(deps, "tokens"));
  router.post("/extras/tokenize/count", extrasTokenize(deps, "count"));
  router.post("/extras/detokenize", extrasDetokenize(deps));
  // As llama-server has them.
  router.post("/chat/completions", chatCompletions(deps));
  router.post("/embeddings", embeddings(deps));
  router.get("/models", listModels(deps));
  router.post("/tokenize", tokenize(deps));
  router.post("/detokenize", detokenize(deps));
  router.post("/apply-template", applyTemplate(deps));
  router.all("/trpc/*path", trpc(deps));
  return { router, refuse: refuseRest(router, names) };
}

/** 405 for a known path with another method, else 404; both say what there is. */
function refuseRest(router: Router<ShimState>, names: () => readonly string[]): ShimMiddleware {
  return (ctx) => {
    const methods = [...new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods))];
    if (methods.length > 0) {
      const allow = methods.join(", ");
      throw new HttpError(405, "method_not_allowed", `${ctx.method} is not served at ${ctx.path}: use ${allow}`, {
        allow,
      });
    }
    throw new HttpError(
      404,
      "not_found",
      `there is no ${ctx.method} ${ctx.path.slice(0, 200)} here (have: ${names().join(", ")})`,
    );
  };
}
