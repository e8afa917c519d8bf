import type { RerankResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { RankedDocuments, RankedTexts } from "../answers/vectors.ts";

/** Jina's answer to a rerank request, the best document first; `documents`: their texts, if they are to be repeated. */
export function rankedDocumentsFromProto(
  { results, model, promptTokens }: RerankResponse,
  documents: readonly string[] | undefined,
): RankedDocuments {
  return {
    object: "list",
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    results: results.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(documents && { document: { text: documents[index] ?? "" } }),
    })),
  };
}

/** The answer of Text Embeddings Inference to a rerank request; `texts` as above. */
export function rankedTextsFromProto({ results }: RerankResponse, texts: readonly string[] | undefined): RankedTexts {
  return results.map(({ index, score }) => ({ index, score, ...(texts && { text: texts[index] ?? "" }) }));
}
