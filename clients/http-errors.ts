import { ErrorReason } from "./errors.ts";

export type ErrorType = "invalid_request_error" | "rate_limit_error" | "server_error";

/** What an error is over HTTP, in OpenAI's words. */
export interface HttpErrorShape {
  readonly status: number;
  readonly type: ErrorType;
  readonly code: string | null;
  /** Sent as Retry-After when the error itself names no time. */
  readonly retryAfterMs?: number;
  /** The same request will fail again, so SDKs are told not to retry it; `untimed`: unless the error says when it may not. */
  readonly final?: true | "untimed";
}

// A queue place or a new worker is usually there within a second; loading a model takes longer.
const soonMs = 1_000;
const loadingMs = 5_000;

/**
 * The one table from reasons to HTTP: REST's dialects and tRPC are made of it. A reason added to the proto does not compile
 * until it is here.
 */
const shapes: Readonly<Record<ErrorReason, HttpErrorShape>> = {
  [ErrorReason.UNSPECIFIED]: { status: 500, type: "server_error", code: "internal_error" },
  [ErrorReason.INVALID_PARAMETER]: { status: 400, type: "invalid_request_error", code: null },
  [ErrorReason.UNSUPPORTED_PARAMETER]: {
    status: 400,
    type: "invalid_request_error",
    code: "unsupported_parameter",
  },
  [ErrorReason.CONTEXT_LENGTH_EXCEEDED]: {
    status: 400,
    type: "invalid_request_error",
    code: "context_length_exceeded",
  },
  [ErrorReason.UNAUTHENTICATED]: {
    status: 401,
    type: "invalid_request_error",
    code: "invalid_api_key",
  },
  [ErrorReason.MODEL_NOT_FOUND]: {
    status: 404,
    type: "invalid_request_error",
    code: "model_not_found",
  },
  [ErrorReason.REQUEST_TOO_LARGE]: {
    status: 413,
    type: "invalid_request_error",
    code: "request_too_large",
  },
  [ErrorReason.RATE_LIMITED]: {
    status: 429,
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
    retryAfterMs: soonMs,
  },
  [ErrorReason.OVERLOADED]: {
    status: 503,
    type: "server_error",
    code: "overloaded",
    retryAfterMs: soonMs,
  },
  [ErrorReason.MODEL_LOADING]: {
    status: 503,
    type: "server_error",
    code: "model_loading",
    retryAfterMs: loadingMs,
  },
  [ErrorReason.SHUTTING_DOWN]: {
    status: 503,
    type: "server_error",
    code: "shutting_down",
    retryAfterMs: loadingMs,
  },
  [ErrorReason.WORKER_LOST]: {
    status: 503,
    type: "server_error",
    code: "worker_lost",
    retryAfterMs: soonMs,
  },
  [ErrorReason.MODEL_LOAD_FAILED]: {
    status: 503,
    type: "server_error",
    code: "model_load_failed",
    final: true,
  },
  [ErrorReason.INSUFFICIENT_MEMORY]: {
    status: 503,
    type: "server_error",
    code: "insufficient_memory",
    final: "untimed",
  },
  [ErrorReason.PERMISSION_DENIED]: { status: 403, type: "invalid_request_error", code: "permission_denied" },
  [ErrorReason.QUARANTINED]: { status: 422, type: "invalid_request_error", code: "quarantined", final: true },
  [ErrorReason.DEADLINE]: { status: 504, type: "server_error", code: "timeout" },
  // Nginx's number for a client that left; it reaches logs, hardly ever a client.
  [ErrorReason.CANCELLED]: { status: 499, type: "server_error", code: "cancelled" },
  [ErrorReason.INTERNAL]: { status: 500, type: "server_error", code: "internal_error" },
};

/** The HTTP error of a reason; one that a newer peer knows and we do not is an internal error. */
export function httpErrorOf(reason: ErrorReason): HttpErrorShape {
  return shapes[reason] ?? shapes[ErrorReason.INTERNAL];
}
