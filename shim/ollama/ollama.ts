import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect, ErrorAnswer } from "../dialect/dialect.ts";
import { type ErrorFacts, messageWithParam } from "../dialect/error-facts.ts";
import { ollamaErrorSchema } from "./answers.ts";
import { CopiedNames, namingClient } from "./copied-names.ts";
import { chat } from "./endpoints/chat.ts";
import { embed, embeddings } from "./endpoints/embed.ts";
import { generate } from "./endpoints/generate.ts";
import { copy, deleteModel, pull, refusedEndpoints } from "./endpoints/manage.ts";
import { ps, show, tags, version } from "./endpoints/models.ts";

/** Ollama's own API. */
export function createOllama(given: DialectDeps): Dialect {
  const names = new CopiedNames();
  const deps = { ...given, client: namingClient(given.client, names) };
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
      tags(deps, names),
      show(deps),
      ps(deps),
      version(deps),
      pull(deps, names),
      deleteModel(deps, names),
      copy(deps, names),
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
