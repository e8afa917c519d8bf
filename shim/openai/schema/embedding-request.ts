import { z } from "zod";
import { flag, integerFrom, text, unsettable, unsupported } from "../../dialect/request/fields.ts";
import { inputs } from "./inputs.ts";

/** The body of POST /v1/embeddings: OpenAI's parameters, and how to pool and whether to normalise. */
export const embeddingRequestSchema = z.object({
  model: text,
  input: inputs({ emptyText: false }),
  encoding_format: unsettable(z.enum(["float", "base64"])),
  dimensions: integerFrom(1, 65_536),
  pooling: unsettable(z.enum(["mean", "cls", "last", "none"])),
  normalize: flag,
  /** llama-server's switch, of which -1 (none) and 2 (length 1) are served. */
  embd_normalize: unsupported(
    "embd_normalize is served as -1 (as the model says them) and 2 (vectors of length 1)",
    z.literal([-1, 2]),
  ),
  user: text,
});

export type EmbeddingRequestBody = z.infer<typeof embeddingRequestSchema>;

export const embeddingFieldsWithoutEffect: Readonly<Record<string, string>> = { user: "end users are not tracked" };
