import { z } from "zod";
import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect, ErrorAnswer } from "../dialect/dialect.ts";
import { type ErrorFacts, messageWithParam } from "../dialect/error-facts.ts";
import { named } from "../dialect/docs/endpoint-docs.ts";
import { embed } from "./embed.ts";

/** Text Embeddings Inference's vectors; its ranking is a shape of /v1/rerank. */
export function createTei(deps: DialectDeps): Dialect {
  return {
    name: "tei",
    owns: ["/embed"],
    tags: { tei: "Text Embeddings Inference's vectors." },
    error: teiError,
    errorSchema,
    endpoints: [embed(deps)],
  };
}

const errorSchema = named("TeiError", z.strictObject({ error: z.string(), error_type: z.string() }));

/** Its words for kinds of errors, by our status. */
const kinds: Readonly<Record<number, string>> = {
  400: "validation",
  413: "validation",
  429: "overloaded",
  503: "overloaded",
};

function teiError(facts: ErrorFacts): ErrorAnswer {
  const { status } = facts;
  return {
    status,
    body: { error: messageWithParam(facts), error_type: kinds[status] ?? (status < 500 ? "validation" : "backend") },
  };
}
