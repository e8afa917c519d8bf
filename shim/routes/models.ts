import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { ShimHandler } from "../context.ts";
import { modelFromProto, modelListFromProto } from "../openai/from-proto/models.ts";
import type { RouteDeps } from "./deps.ts";
import { callOptions } from "./read-request.ts";

/** GET /v1/models: in the order of the configuration, the default first. */
export function listModels(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const { models } = await deps.client.models.listModels({}, callOptions(ctx, deps));
    ctx.body = modelListFromProto(models);
  };
}

/** GET /v1/models/{id}; an id may contain slashes, as those of Hugging Face do, encoded or not. */
export function getModel(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const id = decodeId(ctx.path.replace(/^\/v1\/models\//, ""));
    const { model } = await deps.client.models.getModel({ id }, callOptions(ctx, deps));
    if (model === undefined) throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${id}" is not configured`);
    ctx.body = modelFromProto(model);
  };
}

function decodeId(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new RpcError(ErrorReason.INVALID_PARAMETER, `the model's id "${encoded}" is not well encoded`, {
      param: "model",
    });
  }
}
