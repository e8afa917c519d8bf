import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { count, promptUsageSchema } from "./usage.ts";

/** OpenAI's answer to an embeddings request. */
export const embeddingListSchema = named(
  "EmbeddingList",
  z.strictObject({
    object: z.literal("list"),
    model: z.string(),
    data: z.array(
      z.strictObject({
        object: z.literal("embedding"),
        index: count,
        embedding: z
          .union([z.array(z.number()), z.array(z.array(z.number())), z.string()])
          .describe("A vector; with the pooling `none` one for each token; as base64 of little-endian float32 a text."),
      }),
    ),
    usage: promptUsageSchema,
  }),
);

export type EmbeddingList = z.infer<typeof embeddingListSchema>;

/** Jina's answer to a rerank request, the best document first. */
export const rankedDocumentsSchema = named(
  "RankedDocuments",
  z.strictObject({
    object: z.literal("list"),
    model: z.string(),
    usage: promptUsageSchema,
    results: z.array(
      z.strictObject({
        index: count,
        relevance_score: z.number(),
        document: z.strictObject({ text: z.string() }).exactOptional(),
      }),
    ),
  }),
);

export type RankedDocuments = z.infer<typeof rankedDocumentsSchema>;

/** The answer of Text Embeddings Inference to a rerank request. */
export const rankedTextsSchema = named(
  "RankedTexts",
  z.array(z.strictObject({ index: count, score: z.number(), text: z.string().exactOptional() })),
);

export type RankedTexts = z.infer<typeof rankedTextsSchema>;
