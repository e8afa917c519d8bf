import type { z } from "zod";
import type { CallOptions } from "../../clients/create-client.ts";
import type { ShimContext } from "../context.ts";
import { readJsonBody } from "../middleware/json-body.ts";
import { parseRequest } from "../openai/parse-request.ts";
import { formatWarnings } from "../openai/warning-header.ts";
import type { RouteDeps } from "./deps.ts";

/** Reads and checks a request's body; what was ignored of it goes into the answer's `warning` header. */
export async function readRequest<S extends z.ZodObject>(
  ctx: ShimContext,
  { settings }: RouteDeps,
  schema: S,
  withoutEffect?: Readonly<Record<string, string>>,
): Promise<z.infer<S>> {
  const body = await readJsonBody(ctx, settings.body_limit_bytes);
  const { request, warnings } = parseRequest(schema, body, withoutEffect);
  const header = formatWarnings(warnings);
  if (header !== undefined) ctx.set("warning", header);
  return request;
}

/** How a request's calls are made: they end with the request, and carry its id to the service's logs. */
export function callOptions(ctx: ShimContext, { settings }: RouteDeps): CallOptions {
  return {
    signal: ctx.state.signal,
    timeoutMs: settings.request_timeout_seconds * 1_000,
    metadata: { "x-request-id": ctx.state.requestId },
  };
}
