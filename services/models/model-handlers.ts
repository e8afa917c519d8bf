import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { ModelService } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";
import type { ModelSource } from "./model-source.ts";
import { watchModels } from "./watch-models.ts";

/** The ModelService over models: the same for a worker's one and for all that are configured. */
export function createModelHandlers(source: ModelSource): ServiceHandlers<typeof ModelService> {
  return {
    listModels: async () => ({ models: [...source.models()] }),
    getModel: async ({ id }) => {
      const models = source.models();
      const model = models.find((model) => model.id === id);
      if (model === undefined) {
        throw modelNotFound(
          id,
          models.map(({ id }) => id),
        );
      }
      return { model };
    },
    async *watchModels(_, { signal, closing }) {
      // A watch has no end of its own, and would use up the grace of the calls that have one.
      const end = AbortSignal.any([signal, closing]);
      try {
        for await (const model of watchModels(source, end)) yield { model };
      } catch (error) {
        if (error !== closing.reason) throw error;
      }
    },
  };
}

/** The refusal of a model that is not configured: it names those that are. */
export function modelNotFound(name: string, ids: readonly string[]): RpcError {
  // Names come from strangers; the message goes into headers and logs.
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  const message = `model ${shown} is not configured (have: ${ids.join(", ")})`;
  return new RpcError(ErrorReason.MODEL_NOT_FOUND, message, { param: "model" });
}
