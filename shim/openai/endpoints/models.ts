import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { modelListSchema, modelSchema } from "../answers/models.ts";
import { modelFromProto, modelListFromProto } from "../from-proto/models.ts";

/** GET /v1/models: in the order of the configuration, the default first. */
export function listModels({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/models",
    operationId: "listModels",
    tag: "Models",
    summary: "The configured models, the default one first",
    result: modelListSchema,
    async answer({ call }) {
      const { models } = await client.models.listModels({}, call);
      return { json: modelListFromProto(models) };
    },
  });
}

/** GET /v1/models/{id}; an id may contain slashes, as those of Hugging Face do, encoded or not. */
export function getModel({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/models/*id",
    operationId: "getModel",
    tag: "Models",
    summary: "One model",
    params: { id: "A model's name, which may contain slashes." },
    result: modelSchema,
    async answer({ call, param }) {
      const { model } = await client.models.getModel({ id: param("id") }, call);
      if (model === undefined) {
        throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${param("id")}" is not configured`);
      }
      return { json: modelFromProto(model) };
    },
  });
}
