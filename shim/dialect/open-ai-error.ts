import { z } from "zod";
import type { ErrorAnswer } from "./dialect.ts";
import { named } from "./docs/endpoint-docs.ts";
import type { ErrorFacts } from "./error-facts.ts";

/** OpenAI's error body, which most dialects share; SDKs copy `code`, `param` and `type` from it. */
export function openAiError({ status, message, type, param, code }: ErrorFacts): ErrorAnswer {
  return { status, body: { error: { message, type, param, code } } };
}

/** The body for the OpenAPI document. */
export const openAiErrorSchema = named(
  "Error",
  z.strictObject({
    error: z.strictObject({
      message: z.string().describe("What is wrong, with the value and the remedy."),
      type: z.enum(["invalid_request_error", "rate_limit_error", "server_error"]),
      param: z.string().nullable().describe("The request's field at fault: `messages[0].content`."),
      code: z.string().nullable().describe("A code for errors that programs handle differently: `model_not_found`."),
    }),
  }),
);
