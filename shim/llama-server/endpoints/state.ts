import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { DescribeModelResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { type Model, ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { mediaMarker } from "../schema/prompts.ts";
import { llamaPropsSchema, llamaSlotsSchema, notServedSchema } from "../answers.ts";

const model = "Name of a configured model; the first one by default.";

type Asking = Pick<Exchange, "call" | "query">;

/** GET /props?model=: what a model is; of one that is not in memory its file is read. */
export function props(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/props",
    query: { model },
    result: llamaPropsSchema,
    summary: "A model's properties (llama-server)",
    async answer(asking) {
      const { model, described } = await modelOf(deps, asking);
      return { json: propsOf(model, described, deps.version) };
    },
  });
}

function propsOf(model: Model, described: DescribeModelResponse, version: string): object {
  const { details } = model;
  return {
    default_generation_settings: { n_ctx: details?.contextLength ?? 0, params: {} },
    total_slots: details?.slots ?? 0,
    model_alias: model.id,
    model_path: described.path,
    chat_template: described.chatTemplates[""] ?? "",
    ...(described.chatTemplates["tool_use"] !== undefined && {
      chat_template_tool_use: described.chatTemplates["tool_use"],
    }),
    bos_token: described.bosToken,
    eos_token: described.eosToken,
    modalities: { vision: details?.vision ?? false, audio: details?.audio ?? false },
    media_marker: mediaMarker,
    build_info: `tokenwire ${version}`,
    is_sleeping: false,
  };
}

/** GET /slots?model=: what each slot holds and does; none for a model that is not in memory. */
export function slots(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/slots",
    query: { model, fail_on_no_slot: "1: 503 when no slot is free." },
    result: llamaSlotsSchema,
    summary: "The slots of a model (llama-server)",
    async answer(asking) {
      const model = await configuredModel(deps, asking);
      if (model.state !== ModelState.RESIDENT) return { json: [] };
      const { slots: list } = await deps.client.inference.listSlots({ model: model.id }, asking.call);
      if (asking.query("fail_on_no_slot") === "1" && list.every(({ busy }) => busy)) {
        throw new RpcError(ErrorReason.OVERLOADED, "no slot is free");
      }
      return {
        json: list.map(({ id, busy, tokens, promptTokens, completionTokens }) => ({
          id,
          n_ctx: model.details?.contextLength ?? 0,
          is_processing: busy,
          n_tokens: tokens,
          n_prompt_tokens: promptTokens,
          next_token: { n_decoded: completionTokens, has_next_token: busy },
        })),
      };
    },
  });
}

/** POST /props */
export function setProps(): Endpoint {
  return endpoint({
    method: "post",
    path: "/props",
    result: notServedSchema,
    summary: "Not served: properties come from the configuration",
    answer() {
      throw new RpcError(
        ErrorReason.UNSUPPORTED_PARAMETER,
        "properties come from the configuration and are not changed",
      );
    },
  });
}

export async function configuredModel({ client }: DialectDeps, { call, query }: Asking): Promise<Model> {
  const name = query("model") ?? "";
  if (name !== "") {
    const { model } = await client.models.getModel({ id: name }, call);
    if (model !== undefined) return model;
  }
  const [first] = (await client.models.listModels({}, call)).models;
  if (first === undefined) throw new RpcError(ErrorReason.MODEL_NOT_FOUND, "no model is configured");
  return first;
}

async function modelOf(deps: DialectDeps, asking: Asking): Promise<{ model: Model; described: DescribeModelResponse }> {
  const described = await deps.client.inference.describeModel({ model: asking.query("model") ?? "" }, asking.call);
  const { model } = await deps.client.models.getModel({ id: described.model }, asking.call);
  if (model === undefined)
    throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${described.model}" is not configured`);
  return { model, described };
}
