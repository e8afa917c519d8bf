import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { openAiError } from "../dialect/open-ai-error.ts";
import { createResponse } from "./endpoints/create.ts";
import { inputTokens } from "./endpoints/input-tokens.ts";
import { cancelResponse, deleteResponse, getResponse, listInputItems } from "./endpoints/stored.ts";
import { createLibrary } from "./library.ts";

/** OpenAI's Responses. */
export function createResponses(deps: DialectDeps): Dialect {
  const library = createLibrary(deps.settings);
  return {
    name: "responses",
    owns: ["/responses"],
    error: openAiError,
    tags: { Responses: "OpenAI's newer way to converse: items, a store of responses, work in the background." },
    endpoints: [
      createResponse(deps, library),
      inputTokens(deps, library),
      getResponse(library),
      deleteResponse(library),
      cancelResponse(library),
      listInputItems(library),
    ],
  };
}
