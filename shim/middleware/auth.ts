import { createHash, timingSafeEqual } from "node:crypto";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { ShimMiddleware } from "../context.ts";
import { probes } from "../probes.ts";

/** Probes and scrapers have no key, and the pages that say how to call are for those who have none yet. */
const open: ReadonlySet<string> = new Set([...probes, "/", "/docs", "/openapi.json"]);

/**
 * Lets a request pass that carries one of `keys`, as `Authorization: Bearer` or `x-api-key`. Without keys everything
 * passes, whatever it carries: the replaced server's clients send `Bearer None`.
 */
export function auth(keys: readonly string[]): ShimMiddleware {
  const digests = keys.map(digest);
  return async (ctx, next) => {
    if (digests.length > 0 && !open.has(ctx.path)) {
      const given = bearer(ctx.get("authorization")) ?? ctx.get("x-api-key");
      if (given === "") throw refuse("no API key was given: send it as `Authorization: Bearer <key>` or `x-api-key`");
      // Every key is compared, and digests have one length: the time tells nothing.
      const hash = digest(given);
      const matches = digests.map((known) => timingSafeEqual(known, hash));
      if (!matches.includes(true)) throw refuse("the API key is not one of this server's");
    }
    await next();
  };
}

function bearer(authorization: string): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(authorization)?.[1];
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function refuse(message: string): RpcError {
  return new RpcError(ErrorReason.UNAUTHENTICATED, message);
}
