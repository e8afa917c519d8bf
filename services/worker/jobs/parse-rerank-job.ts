import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { Truncation } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { RerankRequest } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Engine, RankingInfo, RankJob } from "../../engine/engine.ts";
import { checkInputFits, checkTextCount, mapInOrder } from "./inputs/parse-inputs.ts";
import { truncate, truncationLimit } from "./inputs/truncate.ts";

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
  const limit = truncationLimit(request.truncation, ranking.inputTokens);
  const fit = { join, engine, limit, truncation: request.truncation };
  const inputs = await mapInOrder(documents, async (document, i) => {
    const tokens = limit === undefined ? await join(document) : await joinCut(document, { ...fit, limit });
    checkInputFits(`documents[${i}]`, tokens.length, ranking.inputTokens);
    return tokens;
  });
  const promptTokens = inputs.reduce((sum, { length }) => sum + length, 0);
  return { rank: { inputs }, promptTokens, topN, squash: ranking.scores === "logits" && !request.rawScores };
}

interface CutOptions {
  readonly join: (document: string) => Promise<Int32Array>;
  readonly engine: Engine;
  readonly limit: number;
  readonly truncation: Truncation | undefined;
}

/** A few tokens may become more when the text of a cut document is tokenized again. */
const cutAttempts = 4;

/** Query and document in at most `limit` tokens, of which the document gives up as many as it takes. */
async function joinCut(document: string, { join, engine, limit, truncation }: CutOptions): Promise<Int32Array> {
  let joined = await join(document);
  if (joined.length <= limit) return joined;
  const tokens = await engine.tokenize(document, { addSpecial: false, parseSpecial: false });
  let most = tokens.length;
  for (let attempt = 0; attempt < cutAttempts && joined.length > limit; attempt++) {
    most = Math.max(0, most - (joined.length - limit));
    const kept = truncate(tokens, { truncation: truncation && { ...truncation, maxTokens: 0 }, most, side: "right" });
    joined = await join(textOf(kept, engine));
  }
  return joined;
}

/** The text of tokens, without the halves of characters at its ends. */
function textOf(tokens: Int32Array, engine: Engine): string {
  const bytes = Buffer.concat(Array.from(tokens, (token) => engine.tokenBytes(token)));
  return bytes.toString("utf8").replace(/^\uFFFD+|\uFFFD+$/g, "");
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
  return async (document) => {
    const parts = [start, queryTokens, between, await tokensOf(document), end];
    const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    // Not by spreading, which has no room for the tokens of a long text.
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
}

function noReranker(): RpcError {
  const message =
    "this model does not rank documents: that takes a reranker, a model with a classification head of one score (bge-reranker-v2-m3, jina-reranker, Qwen3-Reranker)";
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "model" });
}
