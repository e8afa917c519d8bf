import type { ErrorAnswer } from "../dialect/dialect.ts";
import type { ErrorFacts } from "../dialect/error-facts.ts";

/** llama-server's words for kinds of errors, by status. */
const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  405: "not_found_error",
  503: "unavailable_error",
};

/** llama-server's error: its code is the status, and a prompt that is too long says by how much. */
export function llamaServerError({ status, code, message, param }: ErrorFacts): ErrorAnswer {
  const isTooLong = code === "context_length_exceeded";
  const [, n_ctx, n_prompt_tokens] = /length is (\d+) tokens.* (?:in|has) (\d+) tokens/.exec(message) ?? [];
  const type = isTooLong
    ? "exceed_context_size_error"
    : code === "unsupported_parameter"
      ? "not_supported_error"
      : (types[status] ?? (status < 500 ? "invalid_request_error" : "server_error"));
  return {
    status,
    body: {
      error: {
        code: status,
        message,
        type,
        ...(param !== null && { param }),
        ...(isTooLong && n_ctx !== undefined && { n_prompt_tokens: Number(n_prompt_tokens), n_ctx: Number(n_ctx) }),
      },
    },
  };
}
