import { once } from "node:events";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { createTrpcContext } from "../../clients/trpc/context.ts";
import { appRouter } from "../../clients/trpc/router.ts";
import type { ShimHandler } from "../context.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { noteError } from "../middleware/errors.ts";
import type { ShimClient } from "../dialect/deps.ts";
import type { RouteDeps } from "./deps.ts";

/**
 * Everything under /trpc/: the tRPC router of `clients/trpc`, which reads the request and writes the answer by itself.
 * Its procedures end when the client leaves.
 */
export function trpc(deps: RouteDeps): ShimHandler {
  const client = untilDrained(deps.client, deps.lifecycle);
  return async (ctx) => {
    ctx.respond = false;
    // Koa's default of 404 would be kept.
    ctx.res.statusCode = 200;
    const closed = once(ctx.res, "close");
    const handled = nodeHTTPRequestHandler({
      router: appRouter,
      req: ctx.req,
      res: ctx.res,
      path: ctx.path.slice("/trpc/".length),
      maxBodySize: deps.settings.body_limit_bytes,
      createContext: () => createTrpcContext(client, { "x-request-id": ctx.state.requestId }),
      onError: ({ error }) => void noteError(ctx, error.code === "INTERNAL_SERVER_ERROR" ? error.cause : error),
    });
    // The handler's promise never settles when the client leaves.
    await Promise.race([handled, closed]);
  };
}

/** A watch has no end of its own: it must not use up the grace time that answers have. */
function untilDrained(client: ShimClient, lifecycle: Lifecycle): ShimClient {
  return {
    inference: client.inference,
    models: {
      ...client.models,
      watchModels: (request, options = {}) => {
        const signals = [lifecycle.drainSignal, ...(options.signal === undefined ? [] : [options.signal])];
        return client.models.watchModels(request, { ...options, signal: AbortSignal.any(signals) });
      },
    },
  };
}
