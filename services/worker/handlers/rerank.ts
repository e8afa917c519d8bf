import { SpanKind } from "@opentelemetry/api";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { attr, attrValue, genAiOperation, genAiSpanName } from "../../../clients/tracing/names.ts";
import { withSpan } from "../../../clients/tracing/tracer.ts";
import type { RerankRequest, RerankResponseSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { parseRerankJob } from "../jobs/parse-rerank-job.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** Scores all documents of a request and puts the best first; aborting `signal` ends it between batches. */
export async function rerank(
  request: RerankRequest,
  { id, engine }: LoadedModel,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof RerankResponseSchema>> {
  const { rank, promptTokens, topN, squash } = await parseRerankJob(request, engine);
  const attributes = {
    [attr.genAiOperationName]: genAiOperation.rerank,
    [attr.genAiProviderName]: attrValue.genAiProvider,
    [attr.genAiRequestModel]: id,
    [attr.genAiUsageInputTokens]: promptTokens,
  };
  const name = genAiSpanName(genAiOperation.rerank, id);
  return withSpan(name, { kind: SpanKind.INTERNAL, attributes }, async () => {
    const scores = await engine.rank(rank, signal);
    // Ordered by what the head says: the logistic function makes large logits equal.
    const results = [...scores]
      .map((score, index) => ({ index, score }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topN)
      .map(({ index, score }) => ({ index, score: squash ? 1 / (1 + Math.exp(-score)) : score }));
    return { results, promptTokens, model: id };
  });
}
