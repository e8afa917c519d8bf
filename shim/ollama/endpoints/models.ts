import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { ollamaModelsSchema, ollamaRunningSchema, ollamaShownSchema, ollamaVersionSchema } from "../answers.ts";
import type { CopiedNames } from "../copied-names.ts";
import { copyFromProto, modelFromProto, runningFromProto, shownFromProto } from "../from-proto/models.ts";
import { requiredModel } from "../model-name.ts";
import { showRequestSchema } from "../schema/model-requests.ts";

/** The release of Ollama whose API this is: clients refuse servers that are too old for them. */
const apiVersion = "0.13.0";

/** GET /api/version */
export function version({ version: own }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/api/version",
    result: ollamaVersionSchema,
    summary: "The version of Ollama's API that this server speaks, and its own",
    answer: () => ({ json: { version: apiVersion, server: `tokenwire ${own}` } }),
  });
}

/** GET /api/tags */
export function tags({ client }: DialectDeps, names: CopiedNames): Endpoint {
  return endpoint({
    method: "get",
    path: "/api/tags",
    result: ollamaModelsSchema,
    summary: "The configured models (Ollama)",
    async answer({ call }) {
      const { models } = await client.models.listModels({}, call);
      const listed = models.map((model) => [
        modelFromProto(model),
        ...names.namesOf(model.id).map((name) => copyFromProto(model, name)),
      ]);
      return { json: { models: listed.flat() } };
    },
  });
}

/** GET /api/ps */
export function ps({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/api/ps",
    result: ollamaRunningSchema,
    summary: "The models that are in memory (Ollama)",
    async answer({ call }) {
      const { models } = await client.models.listModels({}, call);
      return { json: { models: runningFromProto(models) } };
    },
  });
}

/** POST /api/show; of a model that is not in memory its file is read. */
export function show({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/show",
    summary: "What a model is and can do (Ollama)",
    body: showRequestSchema,
    example: { model: "my-model" },
    result: ollamaShownSchema,
    withoutEffect: { verbose: "the lists of a GGUF (its vocabulary) are left out" },
    async answer({ body, call }) {
      const described = await client.inference.describeModel({ model: requiredModel(body) }, call);
      const { model } = await client.models.getModel({ id: described.model }, call);
      if (model === undefined)
        throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${described.model}" is not configured`);
      return { json: shownFromProto(model, described) };
    },
  });
}
