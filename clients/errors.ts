import { ErrorReason } from "../proto/gen/tokenwire/v1/errors_pb.ts";

export { ErrorReason };

export interface RpcErrorOptions {
  readonly cause?: unknown;
  /** When trying again makes sense, in ms; unset: it does not. */
  readonly retryAfterMs?: number;
  /** The request's field at fault, as a path: `messages[0].content`. */
  readonly param?: string;
}

/**
 * The one error that may cross a face of the product. Its message is written for the caller: what is wrong, with the
 * value, and what to do. Anything else that is thrown is a bug and reaches callers as `internal error`.
 */
export class RpcError extends Error {
  readonly reason: ErrorReason;
  readonly retryAfterMs: number | undefined;
  readonly param: string | undefined;

  constructor(reason: ErrorReason, message: string, options: RpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RpcError";
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
    this.param = options.param;
  }
}

/** An RpcError for a request's field that cannot be served as given. */
export function invalidParameter(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param });
}
