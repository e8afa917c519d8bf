import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { jsonLines } from "../../dialect/stream-format.ts";
import type { CopiedNames } from "../copied-names.ts";
import { nothingSchema, ollamaStatusSchema } from "../answers.ts";
import { type PullLine, pullLines } from "../from-proto/pull-lines.ts";
import { requiredModel, toModelId } from "../model-name.ts";
import {
  copyRequestSchema,
  deleteRequestSchema,
  pullRequestSchema,
  refusedRequestSchema,
} from "../schema/model-requests.ts";
import { modelIdOf } from "./residency.ts";
import { pullToProto } from "../to-proto/pull.ts";

/** POST /api/pull: a model that is configured is there already; others come from Hugging Face or an address. */
export function pull({ client }: DialectDeps, names: CopiedNames): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/pull",
    summary: "Download a model from Hugging Face (Ollama)",
    body: pullRequestSchema,
    example: { model: "hf.co/user/repository:Q4_K_M" },
    result: ollamaStatusSchema,
    chunk: ollamaStatusSchema,
    streamType: jsonLines.contentType,
    withoutEffect: { insecure: "certificates are always checked" },
    streams: true,
    async answer({ body, call }) {
      const id = requiredModel(body);
      const { models } = await client.models.listModels({}, call);
      const isThere = models.some((model) => model.id === names.idOf(id));
      const lines = isThere ? there() : pullLines(client.models.pullModel(pullToProto(id), call), id);
      if (body.stream !== false) return { stream: lines, format: jsonLines };
      let last: PullLine | undefined;
      for await (const line of lines) last = line;
      return { json: last };
    },
  });
}

async function* there(): AsyncGenerator<PullLine, void, void> {
  yield { status: "success" };
}

/** DELETE /api/delete: a model that was pulled, or a name that was given by /api/copy. */
export function deleteModel({ client }: DialectDeps, names: CopiedNames): Endpoint {
  return endpoint({
    method: "delete",
    path: "/api/delete",
    summary: "Delete a model that was pulled, or a copy (Ollama)",
    body: deleteRequestSchema,
    example: { model: "hf.co/user/repository:Q4_K_M" },
    result: nothingSchema,
    async answer({ body, call }) {
      const id = requiredModel(body);
      if (!names.remove(id)) await client.models.deleteModel({ id }, call);
      return { json: {} };
    },
  });
}

/** POST /api/copy: another name for a model, which /api/delete takes away again. */
export function copy(deps: DialectDeps, names: CopiedNames): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/copy",
    summary: "Give a model another name (Ollama)",
    body: copyRequestSchema,
    example: { source: "my-model", destination: "another-name" },
    result: nothingSchema,
    async answer({ body, call }) {
      const name = toModelId(body.destination);
      const { models } = await deps.client.models.listModels({}, call);
      if (models.some(({ id }) => id === name))
        throw invalidParameter("destination", `destination: there is a model named ${JSON.stringify(name)}`);
      names.add(name, await modelIdOf(deps, body.source, call));
      return { json: {} };
    },
  });
}

const refusals = [
  ["/api/push", "Not served: there is no registry to push to", "push is not served: there is no registry to push to"],
  [
    "/api/create",
    "Not served: models come from the configuration",
    "create is not served: name the model's file and its settings in the configuration",
  ],
  [
    "/api/blobs/:digest",
    "Not served: nothing is uploaded",
    "blobs are not served: name the model's file in the configuration",
  ],
] as const;

/** What needs Ollama's registry or uploads: each is refused in a sentence that says what to do. */
export function refusedEndpoints(): Endpoint[] {
  return refusals.map(([path, summary, why]) =>
    endpoint({
      method: "post",
      path,
      summary,
      // An upload is not read at all.
      ...(!path.includes(":") && { body: refusedRequestSchema, example: {} }),
      result: nothingSchema,
      answer() {
        throw unserved(why);
      },
    }),
  );
}

function unserved(message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message);
}
