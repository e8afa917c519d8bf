import { endianness } from "node:os";
import type { EmbedResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";

export interface EmbeddingList {
  readonly object: "list";
  readonly model: string;
  readonly data: readonly {
    readonly object: "embedding";
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** OpenAI's answer to an embeddings request; base64 is the SDKs' default, and a third of the numbers' size. */
export function embeddingsFromProto(response: EmbedResponse, format: "float" | "base64"): EmbeddingList {
  return {
    object: "list",
    model: response.model,
    data: response.embeddings.map(({ values }, index) => ({
      object: "embedding",
      index,
      embedding: format === "base64" ? toBase64(values) : values,
    })),
    usage: { prompt_tokens: response.promptTokens, total_tokens: response.promptTokens },
  };
}

/** The numbers as little-endian float32, whatever this machine's order is. */
function toBase64(values: readonly number[]): string {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return (endianness() === "LE" ? bytes : bytes.swap32()).toString("base64");
}
