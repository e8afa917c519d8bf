import { z } from "zod";
import { named } from "../dialect/docs/endpoint-docs.ts";
import type { ErrorAnswer } from "../dialect/dialect.ts";
import { type ErrorFacts, messageWithParam } from "../dialect/error-facts.ts";

/** Anthropic's type of an error by its status; what is not here is the caller's fault below 500, else ours. */
const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const detailsSchema = z.strictObject({ error_code: z.string(), unsupported: z.array(z.string()) });

/** Anthropic's error body. */
export const anthropicErrorSchema = named(
  "MessageError",
  z.strictObject({
    type: z.literal("error"),
    error: z.strictObject({ type: z.string(), message: z.string(), details: detailsSchema.optional() }),
    request_id: z.string(),
  }),
);

/** An error as Anthropic has it. It has no place for the field at fault, which the message then names. */
export function anthropicError(facts: ErrorFacts, requestId: string): ErrorAnswer {
  const status = statusOf(facts);
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  const error = { type, message: messageWithParam(facts), ...(facts.param === "thread" && { details: unthreaded }) };
  return { status, body: { type: "error", error, request_id: requestId } };
}

/** By this SDKs know that they have to send the whole conversation each time. */
const unthreaded = { error_code: "thread_unsupported_request", unsupported: [] };

/** 529 is Anthropic's for what passes by itself. */
function statusOf({ status, headers }: ErrorFacts): number {
  if (status !== 503) return status;
  return headers["x-should-retry"] === "false" ? 500 : 529;
}
