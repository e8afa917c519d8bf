import type { RankingInfo } from "../../engine.ts";
import type { GgufApi } from "../native/api.ts";
import type { Model } from "../native/model.ts";

export interface Ranking extends Omit<RankingInfo, "inputTokens"> {
  /** The head looks at the last token, so that earlier ones may have come in earlier batches. */
  readonly looksAtLast: boolean;
}

/**
 * The architectures that llama.cpp v0.5.0 reads a head for (src/models), the tensor that makes a score, and what
 * llama_get_embeddings_seq gives with pooling "rank" (src/llama-graph.cpp, build_pooling).
 */
const heads: Readonly<Record<string, Pick<Ranking, "scores" | "looksAtLast"> & { readonly tensor: string }>> = {
  bert: { tensor: "cls.output.weight", scores: "logits", looksAtLast: false },
  "modern-bert": { tensor: "cls.output.weight", scores: "logits", looksAtLast: false },
  "neo-bert": { tensor: "cls.output.weight", scores: "logits", looksAtLast: false },
  "jina-bert-v2": { tensor: "cls.weight", scores: "logits", looksAtLast: false },
  // The softmax of "yes" and "no", of which "yes" comes first.
  qwen3: { tensor: "cls.output.weight", scores: "probabilities", looksAtLast: true },
  qwen3vl: { tensor: "cls.output.weight", scores: "probabilities", looksAtLast: true },
};

/**
 * How a model ranks; undefined: it does not. GGUFs of BERT's kind mostly do not say that they do (the converter leaves
 * pooling_type out), but they have the head's tensor, which llama.h cannot tell: ggml reads the file's table for it.
 */
export function findRanking(model: Model, gguf: GgufApi, path: string): Ranking | undefined {
  const head = heads[model.metadata("general.architecture") ?? ""];
  if (head === undefined || !hasTensor(gguf, path, head.tensor)) return undefined;
  // Several logits are several classes (of sentiment, of entailment), none of which is relevance.
  if (head.scores === "logits" && model.classLabels.length > 1) return undefined;
  const { scores, looksAtLast } = head;
  return { prompt: rankingPrompt(model), scores, looksAtLast };
}

function hasTensor(gguf: GgufApi, path: string, name: string): boolean {
  const file = gguf.open(path, { no_alloc: true, ctx: null });
  if (file === null) return false;
  const found = gguf.findTensor(file, name) >= 0;
  gguf.close(file);
  return found;
}

/** As llama-server puts query and document together (tools/server/server-common.cpp, format_prompt_rerank). */
function rankingPrompt(model: Model): RankingInfo["prompt"] {
  const template = model.chatTemplate("rerank");
  if (template !== undefined) return { template };
  const { bos, sep, addsBos, addsEos, addsSep } = model.vocabulary;
  const eos = model.vocabulary.eos >= 0 ? model.vocabulary.eos : sep;
  const those = (...tokens: readonly (readonly [boolean, number])[]): number[] =>
    tokens.filter(([adds, token]) => adds && token >= 0).map(([, token]) => token);
  return { start: those([addsBos, bos]), between: those([addsEos, eos], [addsSep, sep]), end: those([addsEos, eos]) };
}
