import type { RouterMiddleware } from "@koa/router";
import type Koa from "koa";
import type { Logger } from "pino";

export interface TokenCounts {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
}

/** What a request leaves for its line in the access log: never what was said. */
export interface RequestSummary {
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
