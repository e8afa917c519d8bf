import type { ShimMiddleware } from "../context.ts";
import { probes } from "../probes.ts";
import { routeOf } from "../route-of.ts";

/** One line per request when it is over: who asked for what, how it ended, how long it took. Never what was said. */
export function accessLog(): ShimMiddleware {
  return async (ctx, next) => {
    await next();
    const { log, summary, startedAt } = ctx.state;
    const status = summary.status ?? ctx.status;
    const level = probes.has(ctx.path) && status < 400 ? "debug" : "info";
    log[level](
      {
        method: ctx.method,
        route: routeOf(ctx),
        status,
        ms: Math.round(performance.now() - startedAt),
        ...(summary.model !== undefined && { model: summary.model }),
        ...(summary.firstDeltaMs !== undefined && { firstDeltaMs: Math.round(summary.firstDeltaMs) }),
        ...(summary.usage !== undefined && { usage: summary.usage }),
        ...(summary.errorCode !== undefined && { error: summary.errorCode }),
      },
      `${ctx.method} ${routeOf(ctx)} ${status}`,
    );
  };
}
