import type { ErrorAnswer } from "./dialect.ts";
import type { ErrorFacts } from "./error-facts.ts";

/** OpenAI's error body, which most dialects share; SDKs copy `code`, `param` and `type` from it. */
export function openAiError({ status, message, type, param, code }: ErrorFacts): ErrorAnswer {
  return { status, body: { error: { message, type, param, code } } };
}
