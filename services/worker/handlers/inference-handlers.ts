import type { InferenceService } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { ServiceHandlers } from "../../rpc/serve.ts";
import type { ModelHost } from "../model-host.ts";
import { chat } from "./chat.ts";
import { complete } from "./complete.ts";
import { changeSlot, describeModel, listSlots, setAdapters } from "./describe.ts";
import { embed } from "./embed.ts";
import { rerank } from "./rerank.ts";
import { applyTemplate, countTokens } from "./templates.ts";
import { detokenize, tokenize } from "./tokens.ts";

/**
 * The InferenceService over one model. Which one a request names is not looked at: the front has chosen the worker.
 * Until the model is in memory every call is refused with MODEL_LOADING, or MODEL_LOAD_FAILED.
 */
export function createInferenceHandlers(host: ModelHost): ServiceHandlers<typeof InferenceService> {
  return {
    async *chat(request, context) {
      const { signal } = context;
      using joined = host.interrupts.join(request.options, context);
      yield* chat(request, host.computing(), { signal, interrupted: joined.interrupted });
    },
    async *complete(request, context) {
      const { signal } = context;
      using joined = host.interrupts.join(request.options, context);
      yield* complete(request, host.computing(), { signal, interrupted: joined.interrupted });
    },
    embed: async (request, { signal }) => embed(request, host.computing(), signal),
    rerank: async (request, { signal }) => rerank(request, host.computing(), signal),
    tokenize: async (request) => tokenize(request, host.loaded()),
    detokenize: async (request) => detokenize(request, host.loaded()),
    countTokens: async (request, { signal }) => countTokens(request, host.loaded(), signal),
    describeModel: async () => describeModel(host.loaded()),
    listSlots: async () => listSlots(host.loaded()),
    changeSlot: async (request) => changeSlot(request, host.computing()),
    setAdapters: async (request) => setAdapters(request, host.computing()),
    applyTemplate: async (request, { signal }) => applyTemplate(request, host.loaded(), signal),
  };
}
