import { invalidParameter } from "../../../clients/errors.ts";
import { type EmbedRequestSchema, Pooling } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { EmbeddingRequestBody } from "../schema/embedding-request.ts";
import { inputsToProto } from "./completion.ts";
import type { Init } from "../../dialect/deps.ts";

const poolings = { mean: Pooling.MEAN, cls: Pooling.CLS, last: Pooling.LAST, none: Pooling.NONE } as const;

/** An embeddings request for the proto. */
export function embeddingToProto(request: EmbeddingRequestBody): Init<typeof EmbedRequestSchema> {
  if (request.pooling === "none" && request.encoding_format === "base64") {
    const message =
      "with pooling none an input has several vectors, and base64 holds one: set encoding_format to float";
    throw invalidParameter("encoding_format", message);
  }
  return {
    model: request.model ?? "",
    inputs: inputsToProto(request.input),
    dimensions: request.dimensions ?? undefined,
    normalize: normalize(request),
    pooling: request.pooling == null ? Pooling.UNSPECIFIED : poolings[request.pooling],
  };
}

function normalize(request: EmbeddingRequestBody): boolean | undefined {
  if (request.embd_normalize == null) return request.normalize ?? undefined;
  const asked = request.embd_normalize === 2;
  if (request.normalize != null && request.normalize !== asked) {
    throw invalidParameter("embd_normalize", "normalize and embd_normalize contradict each other: give one of them");
  }
  return asked;
}
