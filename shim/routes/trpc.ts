import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { TRPCError } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { CallOptions } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { createTrpcContext } from "../../clients/trpc/context.ts";
import { trpcErrorFrom } from "../../clients/trpc/errors.ts";
import { appRouter } from "../../clients/trpc/router.ts";
import type { ShimContext, ShimHandler } from "../context.ts";
import { noteError } from "../middleware/errors.ts";
import { type BodyLimits, readJsonText, refuseLongText } from "../middleware/json-body.ts";
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
    const { body_limit_bytes: bytes, media_body_limit_bytes: withMedia } = deps.settings;
    const { req, refused } = await readChecked(ctx, { bytes, withMedia: Math.max(bytes, withMedia) });
    const handled = nodeHTTPRequestHandler({
      router: appRouter,
      req,
      res: ctx.res,
      path: ctx.path.slice("/trpc/".length),
      createContext() {
        if (refused !== undefined) throw refused;
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
  /** Why the body is not to be looked at. */
  readonly refused: TRPCError | undefined;
}

/** Reads the body, counts what is in it and holds it to its limits before tRPC parses it; tRPC says what is not JSON. */
async function readChecked(ctx: ShimContext, limits: BodyLimits): Promise<CheckedRequest> {
  if (ctx.method !== "POST") return { req: ctx.req, refused: undefined };
  try {
    const body = await readJsonText(ctx, limits, { isBatch: ctx.query["batch"] !== undefined });
    refuseLongText(body, limits, () => parsed(body));
    return { req: Object.assign(ctx.req, { body }), refused: undefined };
  } catch (error) {
    const refused =
      error instanceof HttpError
        ? new TRPCError({ code: "BAD_REQUEST", message: error.message, cause: error })
        : trpcErrorFrom(error);
    return { req: Object.assign(ctx.req, { body: "{}" }), refused };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
