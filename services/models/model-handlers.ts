import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type {
  Device,
  Model,
  ModelService,
  PullModelRequest,
  PullModelResponseSchema,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import type { ServiceHandlers } from "../rpc/serve.ts";
import { modelNotFound } from "../protocol/refusals.ts";
import type { ModelSource } from "./model-source.ts";
import { watchModels } from "./watch-models.ts";

/** What makes models come and go. */
export interface ModelControl {
  /** Where models can be. */
  devices(): Device[];
  load(id: string, context: CallContext): AsyncIterable<Model>;
  unload(id: string, options: { readonly force: boolean; readonly signal: AbortSignal }): Promise<Model>;
  pull(request: PullModelRequest, context: CallContext): AsyncIterable<MessageInitShape<typeof PullModelResponseSchema>>;
  delete(id: string, signal: AbortSignal): Promise<void>;
}

/** Of a worker: its one model comes and goes with its process. */
export const noControl: ModelControl = {
  devices: () => [],
  load: refuse,
  unload: refuse,
  pull: refuse,
  delete: refuse,
};

/** The same, for callers who may only look. `setting`: what `manage_models` is. */
export function withoutPermission(control: ModelControl, setting: false | "auto"): ModelControl {
  const forbid = (): never => {
    throw mayNotManage(setting);
  };
  return { devices: () => control.devices(), load: forbid, unload: forbid, pull: forbid, delete: forbid };
}

/** The refusal of what changes models for others too. `setting`: what `manage_models` is. */
export function mayNotManage(setting: false | "auto"): RpcError {
  const message =
    setting === false
      ? "callers may not load, unload, pull, delete or change models here: manage_models is false"
      : "callers without a key may not load, unload, pull, delete or change models here, as the server can be reached from elsewhere: set api_key, or manage_models to true";
  return new RpcError(ErrorReason.PERMISSION_DENIED, message);
}

function refuse(): never {
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, "a worker keeps the model it was started with: ask its server");
}

/** The ModelService over models and what controls them. */
export function createModelHandlers(source: ModelSource, control: ModelControl): ServiceHandlers<typeof ModelService> {
  return {
    listModels: async () => ({ models: [...source.models()], devices: control.devices() }),
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
    async *loadModel({ id }, context) {
      for await (const model of control.load(id, context)) yield { model };
    },
    pullModel: (request, context) => control.pull(request, context),
    deleteModel: async ({ id }, { signal }) => {
      await control.delete(id, signal);
      return {};
    },
    unloadModel: async ({ id, force }, { signal }) => ({ model: await control.unload(id, { force, signal }) }),
  };
}
