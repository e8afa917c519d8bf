import type { Registry } from "prom-client";
import type { z } from "zod";
import type { DialectDeps } from "../dialect/deps.ts";
import { invalidParameter, RpcError } from "../../clients/errors.ts";
import type { ShimContext, ShimHandler } from "../context.ts";
import type { Answer, Dialect, Endpoint, Exchange } from "../dialect/dialect.ts";
import { type ParsedRequest, parseRequest } from "../dialect/request/parse-request.ts";
import { formatWarnings } from "../dialect/request/warning-header.ts";
import { noteError } from "../middleware/errors.ts";
import { readFormBody } from "../middleware/form-body.ts";
import { readJsonBody } from "../middleware/json-body.ts";
import { setProcessingTime } from "../middleware/request-id.ts";
import { sendStream } from "../send-stream.ts";
import { noteGeneration } from "./note-generation.ts";
import { type NoteUnenforced, noteUnenforced } from "./note-unenforced.ts";

/** What routes are made of. */
export interface RouteDeps extends DialectDeps {
  readonly registry: Registry;
  readonly dialects: readonly Dialect[];
}

/** Serves an endpoint over HTTP: reads and checks the body, sends the answer; what was ignored is in `warning`. */
export function runEndpoint(deps: RouteDeps, dialect: Dialect, { answer, explain, ...about }: Endpoint): ShimHandler {
  return async (ctx) => {
    const warnings: string[] = [];
    const warn = (...texts: readonly string[]) => {
      const header = formatWarnings((warnings.push(...texts), warnings));
      if (header !== undefined) ctx.set("warning", header);
    };
    const body = about.body && (await readBody(ctx, deps, { ...about, body: about.body }));
    if (body !== undefined) warn(...body.warnings);
    // The types of `endpoint` see to it that the answer takes what the schema makes.
    const ownName = (param: string) => {
      const named = body && explain?.(invalidParameter(param, param), body.request);
      return named instanceof RpcError ? (named.param ?? param) : param;
    };
    const exchange = createExchange(ctx, deps, { body: body?.request, warn, ownName }) as Exchange<never>;
    try {
      await send(ctx, deps, dialect, await answer(exchange));
    } catch (error) {
      throw explain !== undefined && body !== undefined ? explain(error, body.request) : error;
    }
  };
}

async function readBody(
  ctx: ShimContext,
  { settings }: RouteDeps,
  {
    body: schema,
    withoutEffect,
    takesMedia,
    isForm,
    ...forms
  }: Pick<Endpoint, "withoutEffect" | "takesMedia" | "isForm" | "takesList" | "bodyMayBeMissing"> & {
    readonly body: z.ZodObject;
  },
): Promise<ParsedRequest<Readonly<Record<string, unknown>>>> {
  const { body_limit_bytes: bytes, media_body_limit_bytes: withMedia } = settings;
  const limits = { bytes, withMedia: takesMedia ? Math.max(bytes, withMedia) : bytes };
  const body = isForm ? await readFormBody(ctx, limits.withMedia) : await readJsonBody(ctx, limits, forms);
  return parseRequest(schema, body, withoutEffect);
}

function createExchange(
  ctx: ShimContext,
  deps: RouteDeps,
  { body, warn, ownName }: Pick<Exchange<unknown>, "body" | "warn"> & NoteUnenforced,
): Exchange<unknown> {
  const { state } = ctx;
  return {
    body,
    param: (name) => pathParam(ctx, name),
    query: (name) => [ctx.query[name]].flat()[0],
    header: (name) => ctx.get(name),
    requestId: state.requestId,
    caller: state.caller,
    call: callOptions(ctx, deps),
    warn,
    facts: (error) => noteError(ctx, error),
    noted: (events) => noteUnenforced(noteGeneration(events, state), { warn, ownName }),
    note({ model, promptTokens }) {
      state.summary.model = model;
      state.summary.usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    },
  };
}

function pathParam(ctx: ShimContext, name: string): string {
  try {
    decodeURI(ctx.path);
  } catch {
    // The router would hand it on as it is.
    throw invalidParameter(name, `the path ${JSON.stringify(ctx.path.slice(0, 200))} is not well encoded`);
  }
  const params = "params" in ctx ? (ctx["params"] as Readonly<Record<string, string>>) : {};
  return params[name] ?? "";
}

/** How a request's calls are made: they end with the request, and carry its id to the service's logs. */
export function callOptions(ctx: ShimContext, { settings }: RouteDeps): Exchange["call"] {
  return {
    signal: ctx.state.signal,
    timeoutMs: settings.request_timeout_seconds * 1_000,
    metadata: { "x-request-id": ctx.state.requestId },
  };
}

/** Rejects, with nothing sent, when a stream's first value never comes. */
async function send(ctx: ShimContext, { settings }: RouteDeps, dialect: Dialect, answer: Answer): Promise<void> {
  if ("json" in answer) {
    ctx.status = answer.status ?? 200;
    ctx.body = answer.json;
    return;
  }
  if ("text" in answer) {
    ctx.type = "text/plain";
    ctx.body = answer.text;
    return;
  }
  await sendStream(ctx.res, answer.stream, {
    format: answer.format,
    signal: ctx.state.signal,
    pingIntervalMs: settings.disable_ping_events ? undefined : settings.ping_interval_seconds * 1_000,
    waitsFor: () => {
      const { loading } = ctx.state.summary;
      return loading && `model ${oneLine(loading.model)} is being loaded (${Math.floor(loading.progress * 100)} %)`;
    },
    onHead: () => {
      // From here on the response is written to directly; before, Koa answers errors.
      ctx.respond = false;
      setProcessingTime(ctx);
    },
    toErrorFrame: (error) => dialect.error(noteError(ctx, error), ctx.state.requestId).body,
  });
}

/** A comment ends with its line. */
function oneLine(text: string): string {
  return JSON.stringify(text);
}
