import { randomBytes } from "node:crypto";
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { attr } from "../../clients/tracing/names.ts";
import { contextWith, startSpan } from "../../clients/tracing/tracer.ts";
import { probes, routeOf, type ShimContext, type ShimMiddleware } from "../context.ts";

/**
 * The SERVER span of each request, child of the caller's `traceparent`, named `{method} {route}`. It is active in
 * everything below, until the answer has ended; only statuses from 500 on are its errors, as the conventions say.
 */
export function tracing(): ShimMiddleware {
  return async (ctx, next) => {
    if (probes.has(ctx.path)) {
      await context.with(untraced(), next);
      return;
    }
    const parent = propagation.extract(ROOT_CONTEXT, ctx.headers);
    const span = startSpan(ctx.method, { kind: SpanKind.SERVER, attributes: requestAttributes(ctx) }, parent);
    try {
      await context.with(contextWith(span, parent), next);
    } finally {
      const status = ctx.state.summary.status ?? ctx.status;
      const route = routeOf(ctx);
      span.updateName(route === "(none)" ? ctx.method : `${ctx.method} ${route}`);
      if (route !== "(none)") span.setAttribute(attr.httpRoute, route);
      span.setAttribute(attr.httpResponseStatusCode, status);
      if (status >= 500) {
        span.setAttribute(attr.errorType, ctx.state.summary.errorCode ?? String(status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    }
  };
}

/** Below a span that is not sampled none is: probes would fill a store. */
function untraced(): Context {
  const spanContext = { traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") };
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, traceFlags: TraceFlags.NONE });
}

function requestAttributes(ctx: ShimContext): Record<string, string | number> {
  const { socket } = ctx.req;
  return {
    [attr.httpRequestMethod]: ctx.method,
    [attr.urlScheme]: ctx.protocol,
    [attr.urlPath]: ctx.path,
    [attr.serverAddress]: ctx.hostname,
    ...(socket.localPort !== undefined && { [attr.serverPort]: socket.localPort }),
    ...(socket.remoteAddress !== undefined && { [attr.networkPeerAddress]: socket.remoteAddress }),
    ...(ctx.get("user-agent") !== "" && { [attr.userAgentOriginal]: ctx.get("user-agent") }),
    [attr.requestId]: ctx.state.requestId,
  };
}
