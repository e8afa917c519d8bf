import { invalidParameter } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { modelFromProto, modelPageFromProto, modelPageSchema, modelSchema } from "../from-proto/models.ts";

// Anthropic's numbers.
const defaultLimit = 20;
const maxLimit = 1_000;

/** GET /v1/models, for those who ask with `anthropic-version`. */
export function listModels({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/models",
    summary: "The configured models (Anthropic)",
    tag: "Models",
    query: {
      limit: "Maximum number of items; 20 by default.",
      after_id: "Those after this one.",
      before_id: "Those before this one.",
    },
    result: modelPageSchema,
    async answer({ call, query }) {
      const limit = parseLimit(query("limit"));
      const { models } = await client.models.listModels({}, call);
      return { json: modelPageFromProto(models, { limit, afterId: query("after_id"), beforeId: query("before_id") }) };
    },
  });
}

/** GET /v1/models/{id}, for those who ask with `anthropic-version`. */
export function getModel({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/models/*id",
    summary: "One model (Anthropic)",
    tag: "Models",
    params: { id: "The model's name." },
    result: modelSchema,
    async answer({ call, param }) {
      const { model } = await client.models.getModel({ id: param("id") }, call);
      if (model === undefined) throw new Error("the service answered without a model");
      return { json: modelFromProto(model) };
    },
  });
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return defaultLimit;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw invalidParameter("limit", `limit must be an integer from 1 to ${maxLimit}; got ${JSON.stringify(text)}`);
}
