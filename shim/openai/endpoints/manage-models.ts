import { z } from "zod";
import { invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { flag } from "../../dialect/request/fields.ts";
import { plainEvents } from "../../dialect/stream-format.ts";
import { type Downloads, parseDownload } from "../downloads.ts";
import { modelEvents } from "../model-events.ts";

const tag = "Models";
const named = z.object({ model: z.string().min(1) });
const done = { json: { success: true } } as const;
const result = z.strictObject({ success: z.literal(true) });
const example = { model: "tiny-guide" };
const fields = { model: "The model's name." };

/** POST /v1/models/load, answered when the model is resident. */
export function loadModel({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/models/load",
    operationId: "loadModel",
    tag,
    summary: "Bring a model into memory",
    body: named,
    fields,
    example,
    result,
    explain: asModel,
    async answer({ body, call }) {
      // Its progress is on /models/sse.
      for await (const _ of client.models.loadModel({ id: body.model }, call)) continue;
      return done;
    },
  });
}

/** POST /v1/models/unload: also cancels a download of that name (llama-server). */
export function unloadModel({ client }: DialectDeps, downloads: Downloads): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/models/unload",
    operationId: "unloadModel",
    tag,
    summary: "Take a model out of memory when its answers have ended, or cancel its download",
    body: named.extend({ force: flag }),
    fields: { ...fields, force: "End its running answers with an error instead of waiting for them." },
    example,
    result,
    explain: asModel,
    async answer({ body, call }) {
      if (downloads.cancel(body.model)) return done;
      await client.models.unloadModel({ id: body.model, force: body.force ?? false }, call);
      return done;
    },
  });
}

/** POST /v1/models: a download that goes on in the background. */
export function downloadModel(_: DialectDeps, downloads: Downloads): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/models",
    operationId: "downloadModel",
    tag,
    summary: "Download a model; /v1/models/sse tells how far it is",
    body: named.extend({ sha256: z.string().nullish() }),
    fields: {
      model: "owner/name or owner/name:Q4_K_M on Hugging Face, or the http address of a GGUF file.",
      sha256: "Expected SHA-256 of the file, in hexadecimal.",
    },
    example: { model: "Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M" },
    result,
    explain: asModel,
    async answer({ body }) {
      await downloads.start(body.model, parseDownload(body.model, body.sha256 ?? ""));
      return done;
    },
  });
}

/** DELETE /v1/models?model=NAME. */
export function deleteModel({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "delete",
    path: "/v1/models",
    operationId: "deleteModel",
    tag,
    summary: "Delete a model that was downloaded, and its files",
    query: { model: "The model's name." },
    result,
    async answer({ query, call }) {
      const id = query("model") ?? "";
      if (id === "") throw invalidParameter("model", "say which model, as in DELETE /models?model=NAME");
      try {
        await client.models.deleteModel({ id }, call);
      } catch (error) {
        throw asModel(error);
      }
      return done;
    },
  });
}

/** GET /v1/models/sse. */
export function watchModels(deps: DialectDeps, downloads: Downloads): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/models/sse",
    operationId: "watchModels",
    tag,
    summary: "The models as they are, then each change of one, as server-sent events",
    result: ["text/event-stream"],
    answer({ call }) {
      // A watch has no end of its own.
      const signal = AbortSignal.any([call.signal, deps.lifecycle.drainSignal]);
      const watching = { signal, ...(call.metadata && { metadata: call.metadata }) };
      return { stream: modelEvents(deps, downloads, watching), format: { ...plainEvents, end: "" } };
    },
  });
}

/** The service calls it `id`; a download's parts are parts of `model` here. */
function asModel(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.param === undefined) return error;
  const param = error.param === "sha256" ? "sha256" : "model";
  const { reason, message, retryAfterMs, cause } = error;
  return new RpcError(reason, message, { param, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
