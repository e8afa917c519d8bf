import { randomUUID } from "node:crypto";
import { invalidParameter } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { rankedSchema } from "../answers.ts";
import { rerankRequestSchema, scoreWithoutEffect } from "../schema.ts";
import { truncationOf } from "./score.ts";

/** POST /v2/rerank: the best documents first (Cohere v2). */
export function rerank({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v2/rerank",
    summary: "Order documents by how well they answer a query (Cohere v2)",
    body: rerankRequestSchema,
    example: { query: "What is a cat?", documents: ["An animal.", "A number."] },
    result: rankedSchema,
    withoutEffect: scoreWithoutEffect,
    async answer({ body, call, note }) {
      if (body.max_tokens_per_doc != null && body.truncate_prompt_tokens != null) {
        const message =
          "max_tokens_per_doc and truncate_prompt_tokens both say where documents are cut: give one of them";
        throw invalidParameter("max_tokens_per_doc", message);
      }
      const texts = body.documents.map((document) => (typeof document === "string" ? document : document.text));
      const response = await client.inference.rerank(
        {
          model: body.model ?? "",
          query: body.query,
          documents: texts,
          topN: body.top_n ?? undefined,
          truncation: truncationOf(body.max_tokens_per_doc ?? body.truncate_prompt_tokens),
        },
        call,
      );
      note(response);
      return {
        json: {
          id: `rerank-${randomUUID().replaceAll("-", "")}`,
          model: response.model,
          usage: { prompt_tokens: response.promptTokens, total_tokens: response.promptTokens },
          results: response.results.map(({ index, score }) => ({
            index,
            relevance_score: score,
            ...(body.return_documents === true && { document: { text: texts[index] ?? "" } }),
          })),
          meta: { api_version: { version: "2" }, billed_units: { search_units: 1 } },
        },
      };
    },
  });
}
