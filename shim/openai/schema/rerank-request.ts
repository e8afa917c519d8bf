import { z } from "zod";
import { arrayOf, flag, integerFrom, maxUint32, text, unsettable, unsupported } from "../../dialect/request/fields.ts";
import { maxInputs } from "./inputs.ts";

const list = { min: 1, max: maxInputs } as const;
const bothLists = "documents and texts are two names of the same: give one of them";
const noList = "is required: the documents to rank";

/**
 * The body of POST /v1/rerank in both shapes that are in use: Jina's with `documents`, and that of Hugging Face's Text
 * Embeddings Inference with `texts`. Which one it is decides the shape of the answer.
 */
export const rerankRequestSchema = z
  .object({
    model: text,
    query: z.string().min(1),
    documents: unsettable(arrayOf(z.union([z.string(), z.object({ text: z.string() })]), list)),
    texts: unsettable(arrayOf(z.string(), list)),
    top_n: integerFrom(1, maxUint32),
    return_documents: flag,
    return_text: flag,
    raw_scores: flag,
    truncate: unsupported("documents are not cut: shorten those that are too long", z.literal(false)),
    truncation_direction: unsettable(z.enum(["Left", "Right", "left", "right"])),
  })
  .superRefine(({ documents, texts }, context) => {
    if (documents != null && texts != null) context.addIssue({ code: "custom", path: ["texts"], message: bothLists });
    if (documents == null && texts == null) context.addIssue({ code: "custom", path: ["documents"], message: noList });
  });

export type RerankRequestBody = z.infer<typeof rerankRequestSchema>;

export const rerankFieldsWithoutEffect: Readonly<Record<string, string>> = {
  truncation_direction: "documents are not cut",
};
