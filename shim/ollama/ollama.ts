import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect, ErrorAnswer } from "../dialect/dialect.ts";
import { type ErrorFacts, messageWithParam } from "../dialect/error-facts.ts";
import { ollamaErrorSchema } from "./answers.ts";
import { chat } from "./endpoints/chat.ts";
import { embed, embeddings } from "./endpoints/embed.ts";
import { generate } from "./endpoints/generate.ts";
import { copy, deleteModel, pull, refusedEndpoints } from "./endpoints/manage.ts";
import { ps, show, tags, version } from "./endpoints/models.ts";

/** Ollama's own API. */
export function createOllama(deps: DialectDeps): Dialect {
  return {
    name: "ollama",
    owns: ["/api"],
    claims: isOllamas,
    greeting: {
      text: "Ollama is running",
      isFor: (header) => isOllamas(header) || header("accept").startsWith("text/plain"),
    },
    tags: { ollama: "Ollama's own API, for the clients that speak it." },
    error: ollamaError,
    errorSchema: ollamaErrorSchema,
    endpoints: [
      chat(deps),
      generate(deps),
      embed(deps),
      embeddings(deps),
      tags(deps),
      show(deps),
      ps(deps),
      version(deps),
      pull(deps),
      deleteModel(deps),
      copy(deps),
      ...refusedEndpoints(),
    ],
  };
}

function isOllamas(header: (name: string) => string): boolean {
  return /^ollama/i.test(header("user-agent"));
}

/** A sentence is all that Ollama's errors are; its clients look for "not found" in that of a missing model. */
function ollamaError(facts: ErrorFacts): ErrorAnswer {
  const { status, code } = facts;
  const message = messageWithParam(facts);
  return { status, body: { error: code === "model_not_found" ? `model not found: ${message}` : message } };
}
