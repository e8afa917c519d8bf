import type { ShimHandler } from "../context.ts";
import { rankedDocumentsFromProto, rankedTextsFromProto } from "../openai/from-proto/rerank.ts";
import { withOwnParam } from "../openai/own-param.ts";
import { rerankFieldsWithoutEffect, rerankRequestSchema } from "../openai/schema/rerank-request.ts";
import { documentTexts, rerankToProto } from "../openai/to-proto/rerank.ts";
import type { RouteDeps } from "./deps.ts";
import { callOptions, readRequest } from "./read-request.ts";

/** POST /v1/rerank, answered in the shape that it is asked in. */
export function rerank(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, rerankRequestSchema, rerankFieldsWithoutEffect);
    const response = await deps.client.inference
      .rerank(rerankToProto(request), callOptions(ctx, deps))
      .catch((error: unknown) => {
        throw withOwnParam(error, request);
      });
    ctx.state.summary.model = response.model;
    ctx.state.summary.usage = {
      promptTokens: response.promptTokens,
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
    };
    const texts = documentTexts(request);
    ctx.body =
      request.texts == null
        ? // As Jina has it, unless it is said otherwise.
          rankedDocumentsFromProto(response, (request.return_documents ?? true) ? texts : undefined)
        : rankedTextsFromProto(response, request.return_text ? texts : undefined);
  };
}
