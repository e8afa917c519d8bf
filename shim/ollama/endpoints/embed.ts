import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { ollamaEmbeddingSchema, ollamaEmbedSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import { Stopwatch } from "../from-proto/durations.ts";
import { toModelId } from "../model-name.ts";
import { embeddingsRequestSchema, embedRequestSchema, embedWithoutEffect } from "../schema/embed-requests.ts";

const shared = { method: "post", withoutEffect: embedWithoutEffect, explain } as const;

/** POST /api/embed: vectors of length 1; texts that are too long are cut unless `truncate` is false. */
export function embed(deps: DialectDeps): Endpoint {
  return endpoint({
    ...shared,
    path: "/api/embed",
    summary: "Turn texts into vectors (Ollama)",
    body: embedRequestSchema,
    example: { model: "my-model", input: ["Hello!"] },
    result: ollamaEmbedSchema,
    async answer({ body, ...exchange }) {
      const watch = new Stopwatch();
      const inputs = body.input == null || body.input === "" ? [] : [body.input].flat();
      const { embeddings, promptTokens } = await vectorsOf(deps, exchange, {
        model: body.model,
        inputs,
        dimensions: body.dimensions ?? undefined,
        cuts: body.truncate !== false,
      });
      watch.started();
      return {
        json: {
          model: body.model,
          embeddings,
          total_duration: watch.totalNs,
          load_duration: 0,
          prompt_eval_count: promptTokens,
        },
      };
    },
  });
}

/** POST /api/embeddings: one vector, as the model says it. */
export function embeddings(deps: DialectDeps): Endpoint {
  return endpoint({
    ...shared,
    path: "/api/embeddings",
    summary: "Turn a text into a vector (Ollama's first form)",
    body: embeddingsRequestSchema,
    example: { model: "my-model", prompt: "Hello!" },
    result: ollamaEmbeddingSchema,
    async answer({ body, ...exchange }) {
      const inputs = body.prompt ? [body.prompt] : [];
      const { embeddings: vectors } = await vectorsOf(deps, exchange, { model: body.model, inputs, cuts: true });
      return { json: { embedding: vectors[0] ?? [] } };
    },
  });
}

interface Wanted {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly dimensions?: number | undefined;
  readonly cuts: boolean;
}

async function vectorsOf(
  { client }: DialectDeps,
  { call, note }: Pick<Exchange, "call" | "note">,
  { model, inputs, dimensions, cuts }: Wanted,
): Promise<{ embeddings: number[][]; promptTokens: number }> {
  if (inputs.length === 0) {
    // Nothing to embed loads the model, as with generations; its stream ends when the model is there.
    const { model: id } = await client.inference.describeModel({ model: toModelId(model) }, call);
    for await (const _ of client.models.loadModel({ id }, call));
    return { embeddings: [], promptTokens: 0 };
  }
  const response = await client.inference.embed(
    {
      model: toModelId(model),
      inputs: inputs.map((value) => ({ kind: { case: "text", value } })),
      dimensions,
      truncation: cuts ? {} : undefined,
    },
    call,
  );
  note(response);
  return { embeddings: response.embeddings.map(({ values }) => values), promptTokens: response.promptTokens };
}
