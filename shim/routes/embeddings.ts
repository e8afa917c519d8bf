import type { ShimHandler } from "../context.ts";
import { embeddingsFromProto } from "../openai/from-proto/embedding.ts";
import { embeddingFieldsWithoutEffect, embeddingRequestSchema } from "../openai/schema/embedding-request.ts";
import { embeddingToProto } from "../openai/to-proto/embedding.ts";
import type { RouteDeps } from "./deps.ts";
import { callOptions, readRequest } from "./read-request.ts";

/** POST /v1/embeddings */
export function embeddings(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const request = await readRequest(ctx, deps, embeddingRequestSchema, embeddingFieldsWithoutEffect);
    const response = await deps.client.inference.embed(embeddingToProto(request), callOptions(ctx, deps));
    ctx.state.summary.model = response.model;
    ctx.state.summary.usage = {
      promptTokens: response.promptTokens,
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
    };
    ctx.body = embeddingsFromProto(response, request.encoding_format ?? "float");
  };
}
