import Koa from "koa";
import type { Logger } from "pino";
import { register, type Registry } from "prom-client";
import type { ShimSettings } from "../settings/rest-settings.ts";
import type { ShimState } from "./context.ts";
import { Lifecycle } from "./lifecycle.ts";
import { accessLog } from "./middleware/access-log.ts";
import { createDialects } from "./dialects.ts";
import { createFindDialect } from "./dialect/find-dialect.ts";
import { auth } from "./middleware/auth.ts";
import { canonicalPath } from "./middleware/canonical-path.ts";
import { cors } from "./middleware/cors.ts";
import { errors } from "./middleware/errors.ts";
import { addProcessMetrics, httpMetrics } from "./metrics/http-metrics.ts";
import { requestId } from "./middleware/request-id.ts";
import { requestSignal } from "./middleware/request-signal.ts";
import { tracing } from "./middleware/tracing.ts";
import type { ShimClient } from "./dialect/deps.ts";
import { createRoutes } from "./routes/routes.ts";

export interface AppDeps {
  /** Stays the caller's to close. */
  readonly client: ShimClient;
  readonly settings: ShimSettings;
  readonly logger: Logger;
  /** Said in `system_fingerprint` and at `/`. */
  readonly version: string;
  /** Unset: the server never drains. */
  readonly lifecycle?: Lifecycle;
  /** Unset: the process's own. */
  readonly registry?: Registry;
}

/**
 * Makes the REST face of a Tokenwire service: the APIs that clients speak, translated to gRPC calls. Needs no network of
 * its own; `startShim` listens with it.
 */
export function createApp(deps: AppDeps): Koa<ShimState> {
  const { settings, logger } = deps;
  const lifecycle = deps.lifecycle ?? new Lifecycle();
  const registry = deps.registry ?? register;
  const dialects = createDialects({ ...deps, lifecycle });
  const findDialect = createFindDialect(dialects);
  const { router, refuse, isRoute } = createRoutes({ ...deps, lifecycle, registry, dialects, findDialect });
  const app = new Koa<ShimState>();
  // From the outside in: what wraps the errors sees how a request ended.
  app.use(requestId(logger));
  app.use(tracing());
  app.use(accessLog());
  addProcessMetrics(registry, deps.version);
  app.use(httpMetrics(registry));
  app.use(cors(settings.cors_origins));
  app.use(canonicalPath(settings.root_path, isRoute));
  app.use(errors(findDialect));
  app.use(requestSignal({ lifecycle, stallTimeoutMs: settings.stall_timeout_seconds * 1_000 }));
  app.use(auth(settings.api_key ?? []));
  app.use(router.routes());
  app.use(refuse);
  app.on("error", (error: unknown) => {
    // Koa reports every client that leaves as an error of the application; the access log has that already.
    if (!isDisconnect(error)) logger.error({ err: error }, "a response failed");
  });
  return app;
}

function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "EPIPE" || code === "ECANCELED" || code === "ERR_STREAM_PREMATURE_CLOSE";
}
