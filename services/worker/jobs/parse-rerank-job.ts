import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { RerankRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Engine, RankingInfo, RankJob } from "../../engine/engine.ts";
import { checkInputFits, checkTextCount, mapInOrder } from "./parse-inputs.ts";

/** Documents that can be ranked, and what to do with the scores. */
export interface ParsedRerankJob {
  readonly rank: RankJob;
  readonly promptTokens: number;
  readonly topN: number;
  /** Whether the head's logits are to become 0 to 1. */
  readonly squash: boolean;
}

/** The only way to get a ParsedRerankJob. Throws an RpcError that names the field. */
export async function parseRerankJob(request: RerankRequest, engine: Engine): Promise<ParsedRerankJob> {
  const { query, documents, topN = documents.length } = request;
  const { ranking } = engine.info;
  if (ranking === undefined) throw noReranker();
  if (query === "") throw invalidParameter("query", "query must not be empty");
  checkTextCount("documents", documents.length);
  if (topN < 1) throw invalidParameter("top_n", `top_n must be at least 1, not ${topN}`);
  const join = await createJoin(query, ranking.prompt, engine);
  const inputs = await mapInOrder(documents, async (document, i) => {
    const tokens = await join(document);
    checkInputFits(`documents[${i}]`, tokens.length, ranking.inputTokens);
    return tokens;
  });
  const promptTokens = inputs.reduce((sum, { length }) => sum + length, 0);
  return { rank: { inputs }, promptTokens, topN, squash: ranking.scores === "logits" && !request.rawScores };
}

/** Puts documents together with the query. */
async function createJoin(
  query: string,
  prompt: RankingInfo["prompt"],
  engine: Engine,
): Promise<(document: string) => Promise<Int32Array>> {
  if ("template" in prompt) {
    return (document) => {
      // In one go, so that a query cannot have a place for the document.
      const text = prompt.template.replaceAll(/\{(query|document)\}/g, (_, of) => (of === "query" ? query : document));
      return engine.tokenize(text, { addSpecial: false, parseSpecial: true });
    };
  }
  const tokensOf = (text: string) => engine.tokenize(text, { addSpecial: false, parseSpecial: false });
  const { start, between, end } = prompt;
  const queryTokens = await tokensOf(query);
  return async (document) => Int32Array.of(...start, ...queryTokens, ...between, ...(await tokensOf(document)), ...end);
}

function noReranker(): RpcError {
  const message =
    "this model does not rank documents: that takes a reranker, a model with a classification head of one score (bge-reranker-v2-m3, jina-reranker, Qwen3-Reranker)";
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "model" });
}
