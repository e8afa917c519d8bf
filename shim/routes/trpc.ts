import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { TRPCError } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { CallOptions } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { refuseOversized } from "../../clients/json/refuse-oversized.ts";
import { createTrpcContext } from "../../clients/trpc/context.ts";
import { trpcErrorFrom } from "../../clients/trpc/errors.ts";
import { appRouter } from "../../clients/trpc/router.ts";
import type { ShimContext, ShimHandler } from "../context.ts";
import { noteError } from "../middleware/errors.ts";
import { readBytes } from "../middleware/json-body.ts";
import type { ShimClient } from "../dialect/deps.ts";
import { HttpError } from "../dialect/error-facts.ts";
import type { RouteDeps } from "./run-endpoint.ts";

/**
 * Everything under /trpc/: the tRPC router of `clients/trpc`, which reads the request and writes the answer by itself.
 * Its procedures end with the request, as those of the other routes do.
 */
export function trpc(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    ctx.respond = false;
    // Koa's default of 404 would be kept.
    ctx.res.statusCode = 200;
    const closed = once(ctx.res, "close");
    const { body_limit_bytes: body, media_body_limit_bytes: withMedia } = deps.settings;
    const { req, refused } = await readChecked(ctx, Math.max(body, withMedia));
    const handled = nodeHTTPRequestHandler({
      router: appRouter,
      req,
      res: ctx.res,
      path: ctx.path.slice("/trpc/".length),
      createContext() {
        if (refused !== undefined) throw trpcErrorFrom(refused);
        return createTrpcContext(withSignals(deps, ctx.state.signal), { "x-request-id": ctx.state.requestId });
      },
      onError: ({ error }) => void noteError(ctx, thrownBy(error)),
    });
    // The handler's promise never settles when the client leaves.
    await Promise.race([handled, closed]);
  };
}

interface CheckedRequest {
  /** With its body, if it has one, as text. */
  readonly req: IncomingMessage & { body?: string };
  /** The body is not to be parsed, for this error. */
  readonly refused: unknown;
}

/** Reads and counts the body before tRPC parses it: see refuseOversized. */
async function readChecked(ctx: ShimContext, limitBytes: number): Promise<CheckedRequest> {
  if (ctx.method !== "POST") return { req: ctx.req, refused: undefined };
  try {
    const body = (await readBytes(ctx, limitBytes)).toString();
    refuseOversized(body, { isBatch: ctx.query["batch"] !== undefined });
    return { req: Object.assign(ctx.req, { body }), refused: undefined };
  } catch (refused) {
    return { req: Object.assign(ctx.req, { body: "{}" }), refused };
  }
}

/** What an error of tRPC's is to the log: our own error, a mistake of the caller's, or a bug. */
function thrownBy(error: TRPCError): unknown {
  const { cause } = error;
  if (cause instanceof RpcError) return cause;
  if (cause?.name === "AbortError") return new RpcError(ErrorReason.CANCELLED, "the client left", { cause });
  const status = getHTTPStatusCodeFromError(error);
  return status < 500 ? new HttpError(status, error.code.toLowerCase(), error.message) : (cause ?? error);
}

/**
 * The client whose calls end with the request's signal, which knows of readers that stall and of the server's end. A watch
 * has no end of its own: it must not use up the grace time that answers have.
 */
function withSignals({ client: { inference, models }, lifecycle }: RouteDeps, request: AbortSignal): ShimClient {
  const until = (options: CallOptions = {}, ...signals: readonly AbortSignal[]): CallOptions => {
    const own = options.signal === undefined ? [] : [options.signal];
    return { ...options, signal: AbortSignal.any([request, ...signals, ...own]) };
  };
  return {
    inference: {
      ...inference,
      chat: (input, options) => inference.chat(input, until(options)),
      embed: (input, options) => inference.embed(input, until(options)),
    },
    models: {
      ...models,
      watchModels: (input, options) => models.watchModels(input, until(options, lifecycle.drainSignal)),
    },
  };
}
