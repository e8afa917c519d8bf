import type { ShimHandler } from "../context.ts";
import type { Endpoint } from "../openai/openapi.ts";
import {
  chatFieldsWithoutEffect as chatWithoutEffect,
  chatRequestSchema as chatBody,
} from "../openai/schema/chat-request.ts";
import {
  completionFieldsWithoutEffect as completionWithoutEffect,
  completionRequestSchema as completionBody,
} from "../openai/schema/completion-request.ts";
import {
  embeddingFieldsWithoutEffect as embeddingWithoutEffect,
  embeddingRequestSchema as embeddingBody,
} from "../openai/schema/embedding-request.ts";
import {
  rerankFieldsWithoutEffect as rerankWithoutEffect,
  rerankRequestSchema as rerankBody,
} from "../openai/schema/rerank-request.ts";
import * as tokenBodies from "../openai/schema/token-requests.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions, engineCompletions } from "./completions.ts";
import type { RouteDeps } from "./deps.ts";
import { docs, openApi } from "./docs.ts";
import { embeddings } from "./embeddings.ts";
import { health, metrics, ready } from "./health.ts";
import { home } from "./home.ts";
import { getModel, listModels } from "./models.ts";
import { rerank } from "./rerank.ts";
import * as tokens from "./tokens.ts";

/** One route: what it does, and what its callers are told about it. */
export interface Route extends Endpoint {
  readonly handler: ShimHandler;
}

/** Every route but tRPC's, which describes itself; paths are templates of @koa/router's. */
export function routeTable(deps: RouteDeps): readonly Route[] {
  const chat = { handler: chatCompletions(deps), body: chatBody, withoutEffect: chatWithoutEffect, streams: true };
  const complete = { body: completionBody, withoutEffect: completionWithoutEffect, streams: true };
  const embed = { handler: embeddings(deps), body: embeddingBody, withoutEffect: embeddingWithoutEffect };
  const rank = { handler: rerank(deps), body: rerankBody, withoutEffect: rerankWithoutEffect };
  const post = (path: string, summary: string, rest: Pick<Route, "handler" | "body" | "withoutEffect" | "streams">) =>
    ({ method: "post", path, summary, ...rest }) as const;
  const get = (path: string, summary: string, handler: ShimHandler) =>
    ({ method: "get", path, summary, handler }) as const;

  const routes: readonly Route[] = [
    get(
      "/",
      "What answers here, and where the rest is",
      home(deps, () => routes),
    ),
    get(
      "/docs",
      "These routes as a page",
      docs(deps, () => routes),
    ),
    get(
      "/openapi.json",
      "These routes as an OpenAPI document",
      openApi(deps, () => routes),
    ),
    post("/v1/chat/completions", "Answer a conversation", chat),
    post("/v1/completions", "Continue texts", { handler: completions(deps), ...complete }),
    post("/v1/engines/copilot-codex/completions", "Continue texts, for editors that name an engine", {
      handler: engineCompletions(deps, "copilot-codex"),
      ...complete,
    }),
    post("/v1/embeddings", "Turn texts into vectors", embed),
    post("/v1/rerank", "Order documents by how well they answer a query", rank),
    get("/v1/models", "The configured models, the default one first", listModels(deps)),
    get("/v1/models/*id", "One model", getModel(deps)),
    get("/health", "200 while the process answers", health()),
    get("/ready", "200 when requests would be answered, else 503", ready(deps)),
    get("/metrics", "Prometheus metrics of this process", metrics(deps)),

    post("/extras/tokenize", "A text's tokens, as llama_cpp.server has it", {
      handler: tokens.extrasTokenize(deps, "tokens"),
      body: tokenBodies.extrasTokenizeSchema,
    }),
    post("/extras/tokenize/count", "How many tokens a text has, as llama_cpp.server has it", {
      handler: tokens.extrasTokenize(deps, "count"),
      body: tokenBodies.extrasTokenizeSchema,
    }),
    post("/extras/detokenize", "The text of tokens, as llama_cpp.server has it", {
      handler: tokens.extrasDetokenize(deps),
      body: tokenBodies.extrasDetokenizeSchema,
    }),

    post("/chat/completions", "As /v1/chat/completions", chat),
    post("/embeddings", "As /v1/embeddings", embed),
    post("/rerank", "As /v1/rerank", rank),
    get("/models", "As /v1/models", listModels(deps)),
    post("/tokenize", "A text's tokens, as llama-server has it", {
      handler: tokens.tokenize(deps),
      body: tokenBodies.tokenizeSchema,
    }),
    post("/detokenize", "The text of tokens, as llama-server has it", {
      handler: tokens.detokenize(deps),
      body: tokenBodies.detokenizeSchema,
    }),
    post("/apply-template", "The prompt that a conversation becomes, as llama-server has it", {
      handler: tokens.applyTemplate(deps),
      body: tokenBodies.applyTemplateSchema,
    }),
  ];
  return routes;
}
