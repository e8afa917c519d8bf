import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { httpErrorOf, type ErrorType, type HttpErrorShape } from "../../clients/http-errors.ts";

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

/**
 * What may be told of anything that was thrown. Only the messages of an RpcError and an HttpError are meant for callers:
 * of everything else they learn no more than `internal error`.
 */
export function errorFacts(error: unknown): ErrorFacts {
  if (error instanceof HttpError) return error.facts;
  const known = error instanceof RpcError ? error : undefined;
  const shape = httpErrorOf(known?.reason ?? ErrorReason.INTERNAL);
  return {
    status: shape.status,
    headers: retryHeaders(shape, known?.retryAfterMs),
    message: known?.message ?? "internal error",
    type: shape.type,
    code: shape.code,
    param: known?.param ?? null,
  };
}

/** The message, which names the field at fault: for a body that has no other place for it. */
export function messageWithParam({ message, param }: ErrorFacts): string {
  return param === null || message.includes(param) ? message : `${param}: ${message}`;
}

/** `retry-after-ms` is what OpenAI's SDKs read first; Retry-After is the standard one, in whole seconds. */
function retryHeaders(shape: HttpErrorShape, saidMs: number | undefined): Record<string, string> {
  const isFinal = shape.final === true || (shape.final === "untimed" && saidMs === undefined);
  if (isFinal) return { "x-should-retry": "false" };
  const afterMs = saidMs ?? shape.retryAfterMs;
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
