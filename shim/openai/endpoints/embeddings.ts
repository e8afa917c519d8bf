import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { embeddingListSchema } from "../answers/vectors.ts";
import { embeddingsFromProto } from "../from-proto/embedding.ts";
import { embeddingFieldsWithoutEffect, embeddingRequestSchema } from "../schema/embedding-request.ts";
import { embeddingToProto } from "../to-proto/embedding.ts";

/** POST /v1/embeddings */
export function embeddings({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/embeddings",
    operationId: "createEmbeddings",
    tag: "Embeddings and ranking",
    summary: "Turn texts into vectors",
    body: embeddingRequestSchema,
    withoutEffect: embeddingFieldsWithoutEffect,
    example: { input: ["Hello!", "Good morning"], dimensions: 8 },
    result: embeddingListSchema,
    async answer({ body, call, note }) {
      const response = await client.inference.embed(embeddingToProto(body), call);
      note(response);
      return { json: embeddingsFromProto(response, body.encoding_format ?? "float") };
    },
  });
}
