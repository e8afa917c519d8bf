import type { RouterMiddleware } from "@koa/router";
import type Koa from "koa";
import type { Logger } from "pino";
import type { ShimSettings } from "../settings/rest-settings.ts";

export interface TokenCounts {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
}

/** What a request leaves for its line in the access log: never what was said. */
export interface RequestSummary {
  /** Set: the request waits for its model to come into memory, and how far its load is, 0 to 1. */
  loading?: { readonly model: string; readonly progress: number } | undefined;
  model?: string;
  usage?: TokenCounts;
  /** From the request's arrival to its first generated piece. */
  firstDeltaMs?: number;
  /** The status to log when it is not the one that was sent: 499 for a client that left, a stream's later error. */
  status?: number;
  /** The reason of an error, by name. */
  errorCode?: string;
  /** What of the request an error is about. */
  errorParam?: string;
}

/** What the middleware hands to the routes, on `ctx.state`. */
export interface ShimState {
  requestId: string;
  /** performance.now() at the request's arrival. */
  startedAt: number;
  log: Logger;
  /** Aborted, with an RpcError, when the client leaves or the server's grace time is over. Whatever waits takes it. */
  signal: AbortSignal;
  summary: RequestSummary;
  /** Tells apart callers with different keys; it is not the key. */
  caller: string;
}

export type ShimContext = Koa.ParameterizedContext<ShimState>;
export type ShimMiddleware = Koa.Middleware<ShimState>;
export type ShimHandler = RouterMiddleware<ShimState>;

/**
 * The template of the route that a request matched, `/v1/models/*id`; for none a fixed word, because a path that a
 * stranger made up must not become a metric's label or a span's name.
 */
export function routeOf(ctx: ShimContext): string {
  const matched: unknown = "_matchedRoute" in ctx ? ctx["_matchedRoute"] : undefined;
  if (typeof matched === "string") return matched;
  return noRoute;
}

/** The word for a request that matched no route. */
export const noRoute = "(none)";

/** The paths that tell how the server is: open to all, served until the end, and too frequent for the log. */
export const probes: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics"]);

/**
 * This server's address as the caller sees it, root path included: by the request's Host, which goes through proxies.
 * Without one that an address can be made of (HTTP/1.0 needs none) by the socket that the request came in by.
 */
export function ownUrl(ctx: ShimContext, { root_path: rootPath }: Pick<ShimSettings, "root_path">): string {
  const byHost = `${ctx.protocol}://${ctx.host}`;
  if (URL.canParse(byHost)) return byHost + rootPath;
  const { localAddress = "localhost", localPort } = ctx.req.socket;
  const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
  return `${ctx.protocol}://${host}:${localPort}${rootPath}`;
}
