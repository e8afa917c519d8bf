import { endianness } from "node:os";
import type { Embedding, EmbedResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { EmbeddingList } from "../answers/vectors.ts";

/** OpenAI's answer to an embeddings request; base64 is the SDKs' default, and a third of the numbers' size. */
export function embeddingsFromProto(response: EmbedResponse, format: "float" | "base64"): EmbeddingList {
  return {
    object: "list",
    model: response.model,
    data: response.embeddings.map((embedding, index) => ({
      object: "embedding",
      index,
      embedding: format === "base64" ? toBase64(embedding.values) : numbersOf(embedding),
    })),
    usage: { prompt_tokens: response.promptTokens, total_tokens: response.promptTokens },
  };
}

function numbersOf({ values, tokens }: Embedding): number[] | number[][] {
  return tokens.length > 0 ? tokens.map((token) => token.values) : values;
}

/** The numbers as little-endian float32, whatever this machine's order is. */
function toBase64(values: readonly number[]): string {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return (endianness() === "LE" ? bytes : bytes.swap32()).toString("base64");
}
