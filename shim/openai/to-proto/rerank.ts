import { invalidParameter } from "../../../clients/errors.ts";
import type { RerankRequestSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { RerankRequestBody } from "../schema/rerank-request.ts";
import type { Init } from "../../dialect/deps.ts";

/** A rerank request of either shape for the proto. */
export function rerankToProto(request: RerankRequestBody): Init<typeof RerankRequestSchema> {
  const [stranger, own] =
    request.texts == null
      ? (["return_text", "return_documents"] as const)
      : (["return_documents", "return_text"] as const);
  if (request[stranger] != null) {
    const list = request.texts == null ? "documents" : "texts";
    throw invalidParameter(stranger, `${stranger} does not go with ${list}: use ${own}`);
  }
  return {
    model: request.model ?? "",
    query: request.query,
    documents: documentTexts(request),
    topN: request.top_n ?? undefined,
    rawScores: request.raw_scores ?? false,
  };
}

/** The documents as texts, whichever way they were given. */
export function documentTexts({ documents, texts }: RerankRequestBody): string[] {
  return (texts ?? documents ?? []).map((document) => (typeof document === "string" ? document : document.text));
}
