import type { RequestSummary, ShimMiddleware } from "../context.ts";
import { probes, routeOf } from "../route-of.ts";

/** One line per request when it is over: who asked for what, how it ended, how long it took. Never what was said. */
export function accessLog(): ShimMiddleware {
  return async (ctx, next) => {
    await next();
    const { log, summary, startedAt, requestId } = ctx.state;
    const status = summary.status ?? ctx.status;
    const level = probes.has(ctx.path) ? "debug" : "info";
    const ms = Math.round(performance.now() - startedAt);
    log[level](
      {
        method: ctx.method,
        route: routeOf(ctx),
        status,
        ms,
        ...(summary.model !== undefined && { model: summary.model }),
        ...(summary.firstDeltaMs !== undefined && { firstDeltaMs: Math.round(summary.firstDeltaMs) }),
        ...(summary.usage !== undefined && { usage: summary.usage }),
        ...(summary.errorCode !== undefined && { error: summary.errorCode }),
        ...(summary.errorParam !== undefined && { param: summary.errorParam }),
      },
      [`${ctx.method} ${routeOf(ctx)} ${status} ${ms} ms`, ...inWords(summary), requestId].join(" "),
    );
  };
}

function inWords({ model, usage, errorCode, errorParam }: RequestSummary): string[] {
  const words = [model, usage && `${usage.promptTokens}+${usage.completionTokens} tokens`, errorCode, errorParam];
  return words.filter((word) => word !== undefined);
}
