import { z } from "zod";
import {
  arrayOf,
  flag,
  integerFrom,
  text,
  tokenCountFrom,
  unsettable,
  unsupported,
} from "../dialect/request/fields.ts";

const maxTexts = 2_048;
const texts = z.union([z.string().min(1), arrayOf(z.string().min(1), { min: 1, max: maxTexts })]);

/** The body of POST /score, under the names of vLLM's newer and older versions. */
export const scoreRequestSchema = z
  .object({
    model: text,
    queries: unsettable(texts),
    documents: unsettable(texts),
    text_1: unsettable(texts),
    text_2: unsettable(texts),
    items: unsettable(texts),
    /** -1: as many as fit. */
    truncate_prompt_tokens: tokenCountFrom(-1),
    user: text,
    priority: unsettable(z.number()),
    activation: unsupported("activation is not served: scores are 0 to 1", z.literal(true)),
    use_activation: unsupported("use_activation is not served: scores are 0 to 1", z.literal(true)),
    softmax: unsupported("softmax is not served: scores are 0 to 1", z.literal(true)),
  })
  .superRefine((body, context) => {
    const left = body.queries ?? body.text_1;
    const right = body.documents ?? body.text_2 ?? body.items;
    if (left == null) context.addIssue({ code: "custom", path: ["text_1"], message: "is required: what is compared" });
    if (right == null)
      context.addIssue({ code: "custom", path: ["text_2"], message: "is required: what it is compared with" });
    if (left == null || right == null) return;
    const [one, other] = [[left].flat().length, [right].flat().length];
    if (one === 1 || one === other) return;
    const message = `must be one text, or as many as the others (${other}); there are ${one}`;
    context.addIssue({ code: "custom", path: [body.queries == null ? "text_1" : "queries"], message });
  });

export type ScoreRequest = z.infer<typeof scoreRequestSchema>;

export const scoreWithoutEffect: Readonly<Record<string, string>> = {
  user: "end users are not tracked",
  priority: "requests are served in turn, fairly by key",
};

/** The body of POST /v2/rerank, Cohere's newer way to rank documents. */
export const rerankRequestSchema = z.object({
  model: text,
  query: z.string().min(1),
  documents: arrayOf(z.union([z.string(), z.object({ text: z.string() })]), { min: 1, max: maxTexts }),
  top_n: integerFrom(1, 2 ** 31 - 1),
  return_documents: flag,
  /** Documents are cut to so many tokens. */
  max_tokens_per_doc: integerFrom(1, 2 ** 31 - 1),
  truncate_prompt_tokens: tokenCountFrom(-1),
  user: text,
  priority: unsettable(z.number()),
});
