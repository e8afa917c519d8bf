import { randomUUID } from "node:crypto";
import { invalidParameter } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { scoresSchema } from "../answers.ts";
import { type ScoreRequest, scoreRequestSchema, scoreWithoutEffect } from "../schema.ts";

/** Pairs that are ranked at once: enough to fill a batch, and not the service's whole queue. */
const concurrency = 8;

/** POST /v1/score: how well each second text answers the first, or the one beside it. */
export function score(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/score",
    summary: "Score pairs of texts (vLLM)",
    body: scoreRequestSchema,
    example: { text_1: "What is a cat?", text_2: ["An animal.", "A number."] },
    result: scoresSchema,
    withoutEffect: scoreWithoutEffect,
    async answer(exchange) {
      const { body, call, note } = exchange;
      const { adapters: _, model } = await deps.client.inference.describeModel({ model: body.model ?? "" }, call);
      const { model: configured } = await deps.client.models.getModel({ id: model }, call);
      const reranks = configured?.details?.reranks === true;
      const { scores, promptTokens } = reranks
        ? await rankedScores(deps, exchange)
        : await vectorScores(deps, exchange);
      note({ model, promptTokens });
      return {
        json: {
          id: `score-${randomUUID().replaceAll("-", "")}`,
          object: "list",
          created: Math.floor(Date.now() / 1_000),
          model,
          data: scores.map((value, index) => ({ index, object: "score", score: value })),
          usage: { prompt_tokens: promptTokens, total_tokens: promptTokens, completion_tokens: 0 },
        },
      };
    },
  });
}

interface Scores {
  readonly scores: readonly number[];
  readonly promptTokens: number;
}

function textsOf(body: ScoreRequest): { readonly left: string[]; readonly right: string[] } {
  const left = [body.queries ?? body.text_1 ?? []].flat();
  const right = [body.documents ?? body.text_2 ?? body.items ?? []].flat();
  return { left, right };
}

/** By a reranker: one query is one call, pairs are a call each. */
async function rankedScores({ client }: DialectDeps, { body, call }: Exchange<ScoreRequest>): Promise<Scores> {
  const { left, right } = textsOf(body);
  const shared = { model: body.model ?? "", truncation: truncationOf(body.truncate_prompt_tokens) };
  const [query = ""] = left;
  if (left.length === 1) {
    const { results, promptTokens } = await client.inference.rerank({ ...shared, query, documents: right }, call);
    const scores = results.toSorted((a, b) => a.index - b.index).map((result) => result.score);
    return { scores, promptTokens };
  }
  const pairs = left.map((text, index) => ({ query: text, documents: [right[index] ?? ""] }));
  const scores: number[] = [];
  let promptTokens = 0;
  for (let from = 0; from < pairs.length; from += concurrency) {
    const some = pairs.slice(from, from + concurrency);
    const answers = await Promise.all(some.map((pair) => client.inference.rerank({ ...shared, ...pair }, call)));
    for (const { results, promptTokens: tokens } of answers) {
      scores.push(results[0]?.score ?? 0);
      promptTokens += tokens;
    }
  }
  return { scores, promptTokens };
}

/** By a model of vectors: their cosine. */
async function vectorScores({ client }: DialectDeps, { body, call }: Exchange<ScoreRequest>): Promise<Scores> {
  const { left, right } = textsOf(body);
  const inputs = [...left, ...right].map((value) => ({ kind: { case: "text" as const, value } }));
  const truncation = truncationOf(body.truncate_prompt_tokens);
  const { embeddings, promptTokens } = await client.inference.embed(
    { model: body.model ?? "", inputs, truncation },
    call,
  );
  const vectors = embeddings.map(({ values }) => values);
  const scores = right.map((_, index) => {
    const one = vectors[left.length === 1 ? 0 : index] ?? [];
    const other = vectors[left.length + index] ?? [];
    return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
  });
  return { scores, promptTokens };
}

/** vLLM's -1 is as many tokens as fit. */
export function truncationOf(tokens: number | null | undefined): { maxTokens: number } | undefined {
  if (tokens == null) return undefined;
  if (tokens === 0)
    throw invalidParameter("truncate_prompt_tokens", "truncate_prompt_tokens must be at least 1, or -1");
  return { maxTokens: Math.max(0, tokens) };
}
