import type { ErrorAnswer } from "./openai/errors.ts";

/**
 * A refusal that only HTTP knows: no such route, the wrong method, a body that cannot be read. What the service can
 * refuse too is an RpcError.
 */
export class HttpError extends Error {
  readonly answer: ErrorAnswer;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "HttpError";
    this.answer = {
      status,
      headers,
      body: { error: { message, type: "invalid_request_error", param: null, code } },
    };
  }
}
