import type { ErrorFacts } from "./error-facts.ts";

/** OpenAI's error body, which most dialects share; SDKs copy `code`, `param` and `type` from it. */
export interface OpenAiErrorBody {
  readonly error: Pick<ErrorFacts, "message" | "type" | "param" | "code">;
}

export function openAiErrorBody({ message, type, param, code }: ErrorFacts): OpenAiErrorBody {
  return { error: { message, type, param, code } };
}
