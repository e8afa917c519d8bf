import { noRoute, probes, type RequestSummary, routeOf, type ShimMiddleware } from "../context.ts";

/** Strangers ask for paths of any length. */
const maxPathLength = 200;

/** One line per request when it is over: who asked for what, how it ended, how long it took. Never what was said. */
export function accessLog(): ShimMiddleware {
  return async (ctx, next) => {
    await next();
    const { log, summary, startedAt, requestId } = ctx.state;
    const status = summary.status ?? ctx.status;
    const level = probes.has(ctx.path) ? "debug" : "info";
    const ms = Math.round(performance.now() - startedAt);
    const route = routeOf(ctx);
    const path = ctx.path.slice(0, maxPathLength);
    log[level](
      {
        method: ctx.method,
        route,
        ...(route === noRoute && { path }),
        status,
        ms,
        ...(summary.model !== undefined && { model: summary.model }),
        ...(summary.firstDeltaMs !== undefined && { firstDeltaMs: Math.round(summary.firstDeltaMs) }),
        ...(summary.usage !== undefined && { usage: summary.usage }),
        ...(summary.errorCode !== undefined && { error: summary.errorCode }),
        ...(summary.errorParam !== undefined && { param: summary.errorParam }),
      },
      [`${ctx.method} ${route === noRoute ? path : route} ${status} ${ms} ms`, ...inWords(summary), requestId].join(
        " ",
      ),
    );
  };
}

function inWords({ model, usage, errorCode, errorParam }: RequestSummary): string[] {
  const tokens = usage && `${usage.promptTokens}+${usage.completionTokens} tokens`;
  const words = [model, tokens, errorCode?.toLowerCase(), errorParam && `(${errorParam})`];
  return words.filter((word) => word !== undefined);
}
