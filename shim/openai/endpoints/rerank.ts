import { z } from "zod";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { rankedDocumentsSchema, rankedTextsSchema } from "../answers/vectors.ts";
import { rankedDocumentsFromProto, rankedTextsFromProto } from "../from-proto/rerank.ts";
import { withOwnParam } from "../own-param.ts";
import { rerankFieldsWithoutEffect, rerankRequestSchema } from "../schema/rerank-request.ts";
import { documentTexts, rerankToProto } from "../to-proto/rerank.ts";

/** POST /v1/rerank, answered in the shape that it is asked in. */
export function rerank({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/rerank",
    operationId: "rerank",
    tag: "Embeddings and ranking",
    summary: "Order documents by how well they answer a query",
    body: rerankRequestSchema,
    withoutEffect: rerankFieldsWithoutEffect,
    example: { query: "What is the capital of Japan?", documents: ["Tokyo is the capital.", "I like tea."] },
    result: z.union([rankedDocumentsSchema, rankedTextsSchema]),
    explain: withOwnParam,
    async answer({ body, call, note }) {
      const response = await client.inference.rerank(rerankToProto(body), call);
      note(response);
      const texts = documentTexts(body);
      if (body.texts != null) return { json: rankedTextsFromProto(response, body.return_text ? texts : undefined) };
      // As Jina has it, unless it is said otherwise.
      const shown = (body.return_documents ?? true) ? texts : undefined;
      return { json: rankedDocumentsFromProto(response, shown) };
    },
  });
}
