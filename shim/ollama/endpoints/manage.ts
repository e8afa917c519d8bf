import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { jsonLines } from "../../dialect/stream-format.ts";
import { nothingSchema, ollamaStatusSchema } from "../answers.ts";
import { type PullLine, pullLines } from "../from-proto/pull-lines.ts";
import { requiredModel } from "../model-name.ts";
import {
  copyRequestSchema,
  deleteRequestSchema,
  pullRequestSchema,
  refusedRequestSchema,
} from "../schema/model-requests.ts";
import { pullToProto } from "../to-proto/pull.ts";

/** POST /api/pull: a model that is configured is there already; others come from Hugging Face or an address. */
export function pull({ client }: DialectDeps): Endpoint {
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
      const isThere = models.some((model) => model.id === id);
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

/** DELETE /api/delete: a model that was pulled. */
export function deleteModel({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "delete",
    path: "/api/delete",
    summary: "Delete a model that was pulled (Ollama)",
    body: deleteRequestSchema,
    example: { model: "hf.co/user/repository:Q4_K_M" },
    result: nothingSchema,
    async answer({ body, call }) {
      await client.models.deleteModel({ id: requiredModel(body) }, call);
      return { json: {} };
    },
  });
}

/** POST /api/copy */
export function copy(_deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/copy",
    summary: "Not served: other names come from the configuration",
    body: copyRequestSchema,
    example: { source: "my-model", destination: "another-name" },
    result: nothingSchema,
    answer({ body: { source, destination } }) {
      const rule = JSON.stringify({ [destination]: source });
      throw unserved(`copy is not served: name ${rule} in the setting model_aliases`);
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
