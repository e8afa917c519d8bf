import type { DialectDeps } from "../dialect/deps.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { countTokens, messages } from "./endpoints/messages.ts";
import { getModel, listModels } from "./endpoints/models.ts";
import { anthropicError, anthropicErrorSchema } from "./errors.ts";

/** Anthropic's Messages. */
export function createAnthropic(deps: DialectDeps): Dialect {
  return {
    name: "anthropic",
    owns: ["/messages"],
    claims: (header) => header("anthropic-version") !== "",
    error: anthropicError,
    tags: { "Anthropic Messages": "Conversations for Anthropic's clients, with errors in their shape." },
    errorSchema: anthropicErrorSchema,
    endpoints: [messages(deps), countTokens(deps), listModels(deps), getModel(deps)],
  };
}
