import { SpanKind } from "@opentelemetry/api";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { attr, attrValue, genAiOperation, genAiSpanName } from "../../../clients/tracing/names.ts";
import { withSpan } from "../../../clients/tracing/tracer.ts";
import type { EmbedRequest, EmbedResponseSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { parseEmbedJob } from "../jobs/parse-embed-job.ts";
import type { LoadedModel } from "../loaded-model.ts";

/** Embeds all inputs of a request; aborting `signal` ends it between batches. */
export async function embed(
  request: EmbedRequest,
  { id, engine }: LoadedModel,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof EmbedResponseSchema>> {
  const { embed, promptTokens, dimensions, normalize } = await parseEmbedJob(request, engine);
  const attributes = {
    [attr.genAiOperationName]: genAiOperation.embeddings,
    [attr.genAiProviderName]: attrValue.genAiProvider,
    [attr.genAiRequestModel]: id,
    [attr.genAiResponseModel]: id,
    [attr.genAiUsageInputTokens]: promptTokens,
  };
  const name = genAiSpanName(genAiOperation.embeddings, id);
  return withSpan(name, { kind: SpanKind.INTERNAL, attributes }, async () => {
    const vectors = await engine.embed(embed, signal);
    const { embeddingLength } = engine.info;
    const finished = (vector: Float32Array) => ({ values: finish(vector, dimensions, normalize) });
    const embeddings = vectors.map((vector) =>
      embed.pooling === "none" ? { tokens: rowsOf(vector, embeddingLength).map(finished) } : finished(vector),
    );
    return { embeddings, promptTokens, model: id };
  });
}

/** The vectors that stand one after another. */
function rowsOf(vectors: Float32Array, length: number): Float32Array[] {
  const rows = { length: vectors.length / length };
  return Array.from(rows, (_, row) => vectors.subarray(row * length, (row + 1) * length));
}

/** Cut to its first dimensions, then brought to length 1: a cut vector is a shorter one of its own. */
function finish(vector: Float32Array, dimensions: number | undefined, normalize: boolean): number[] {
  const values = Array.from(dimensions === undefined ? vector : vector.subarray(0, dimensions));
  if (!normalize) return values;
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  // A vector of zeros has no direction.
  return length === 0 ? values : values.map((value) => value / length);
}
