import { ErrorReason, RpcError } from "../../clients/errors.ts";

/** An error as its caller may know it; a dialect makes its own body of it. */
export interface ErrorFacts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: string;
  readonly type: ErrorType;
  readonly code: string | null;
  /** The request's field at fault. */
  readonly param: string | null;
}

export type ErrorType = "invalid_request_error" | "rate_limit_error" | "server_error";

interface ErrorShape {
  readonly status: number;
  readonly type: ErrorType;
  readonly code: string | null;
  /** Sent as Retry-After when the error itself names no time. */
  readonly retryAfterMs?: number;
  /** true: the same request will fail again, so SDKs are told not to retry it. */
  readonly final?: true;
}

// A queue place or a new worker is usually there within a second; loading a model takes longer.
const soonMs = 1_000;
const loadingMs = 5_000;

const shapes: Readonly<Record<ErrorReason, ErrorShape>> = {
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
    final: true,
  },
  [ErrorReason.QUARANTINED]: { status: 422, type: "invalid_request_error", code: "quarantined", final: true },
  [ErrorReason.DEADLINE]: { status: 504, type: "server_error", code: "timeout" },
  // Nginx's number for a client that left; it reaches logs, hardly ever a client.
  [ErrorReason.CANCELLED]: { status: 499, type: "server_error", code: "cancelled" },
  [ErrorReason.INTERNAL]: { status: 500, type: "server_error", code: "internal_error" },
};

const internal = shapes[ErrorReason.INTERNAL] as ErrorShape;

/**
 * What may be told of anything that was thrown. Only the messages of an RpcError and an HttpError are meant for callers:
 * of everything else they learn no more than `internal error`.
 */
export function errorFacts(error: unknown): ErrorFacts {
  if (error instanceof HttpError) return error.facts;
  const known = error instanceof RpcError ? error : undefined;
  const shape = (known && shapes[known.reason]) ?? internal;
  return {
    status: shape.status,
    headers: retryHeaders(shape, known?.retryAfterMs),
    message: known?.message ?? "internal error",
    type: shape.type,
    code: shape.code,
    param: known?.param ?? null,
  };
}

/** `retry-after-ms` is what OpenAI's SDKs read first; Retry-After is the standard one, in whole seconds. */
function retryHeaders(shape: ErrorShape, afterMs = shape.retryAfterMs): Record<string, string> {
  if (shape.final) return { "x-should-retry": "false" };
  if (afterMs === undefined) return {};
  return {
    "retry-after": String(Math.max(1, Math.ceil(afterMs / 1_000))),
    "retry-after-ms": String(afterMs),
  };
}

/**
 * A refusal that only HTTP knows: no such route, the wrong method, a body that cannot be read. What the service can
 * refuse too is an RpcError.
 */
export class HttpError extends Error {
  readonly facts: ErrorFacts;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "HttpError";
    this.facts = { status, headers, message, type: "invalid_request_error", code, param: null };
  }
}
