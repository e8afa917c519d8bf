import { TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { z } from "zod";
import { ErrorReason, RpcError } from "../errors.ts";

/** The one table from reasons to tRPC codes, whose HTTP statuses are those of the REST face. */
const codeOfReason: Readonly<Record<ErrorReason, TRPC_ERROR_CODE_KEY>> = {
  [ErrorReason.UNSPECIFIED]: "INTERNAL_SERVER_ERROR",
  [ErrorReason.INVALID_PARAMETER]: "BAD_REQUEST",
  [ErrorReason.UNSUPPORTED_PARAMETER]: "BAD_REQUEST",
  [ErrorReason.CONTEXT_LENGTH_EXCEEDED]: "BAD_REQUEST",
  [ErrorReason.UNAUTHENTICATED]: "UNAUTHORIZED",
  [ErrorReason.MODEL_NOT_FOUND]: "NOT_FOUND",
  [ErrorReason.REQUEST_TOO_LARGE]: "PAYLOAD_TOO_LARGE",
  [ErrorReason.RATE_LIMITED]: "TOO_MANY_REQUESTS",
  [ErrorReason.OVERLOADED]: "SERVICE_UNAVAILABLE",
  [ErrorReason.MODEL_LOADING]: "SERVICE_UNAVAILABLE",
  [ErrorReason.SHUTTING_DOWN]: "SERVICE_UNAVAILABLE",
  [ErrorReason.WORKER_LOST]: "SERVICE_UNAVAILABLE",
  [ErrorReason.MODEL_LOAD_FAILED]: "SERVICE_UNAVAILABLE",
  [ErrorReason.INSUFFICIENT_MEMORY]: "SERVICE_UNAVAILABLE",
  [ErrorReason.QUARANTINED]: "UNPROCESSABLE_CONTENT",
  [ErrorReason.DEADLINE]: "GATEWAY_TIMEOUT",
  [ErrorReason.CANCELLED]: "CLIENT_CLOSED_REQUEST",
  [ErrorReason.INTERNAL]: "INTERNAL_SERVER_ERROR",
};

const reasonNames = new Map<number, string>(Object.entries(ErrorReason).map(([name, value]) => [value, name]));

/** What frontends see of an error beside its message and tRPC's own code. */
export interface TrpcErrorData {
  /** The reason's name, such as `MODEL_NOT_FOUND`. */
  readonly reason: string;
  /** The input's field at fault: `messages[0].role`. */
  readonly param?: string;
  /** When trying again makes sense, in ms; unset: it does not. */
  readonly retryAfterMs?: number;
}

/**
 * What a procedure throws, as the error that tRPC sends: the code of an RpcError's reason with its message; anything
 * else is a bug and says `internal error`. What was thrown stays as the cause, for the log.
 */
export function trpcErrorFrom(error: unknown): TRPCError {
  if (error instanceof TRPCError) return error;
  if (!(error instanceof RpcError)) {
    return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "internal error", cause: error });
  }
  const code = codeOfReason[error.reason] ?? "INTERNAL_SERVER_ERROR";
  return new TRPCError({ code, message: error.message, cause: error });
}

/** What may be told of an error: never its stack, and only messages that were written for callers. */
export function describeTrpcError(error: TRPCError): { message: string; data: TrpcErrorData } {
  const { cause } = error;
  if (cause instanceof RpcError) {
    const { param, retryAfterMs } = cause;
    const reason = reasonNames.get(cause.reason) ?? "INTERNAL";
    const optional = { ...(param !== undefined && { param }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
    return { message: cause.message, data: { reason, ...optional } };
  }
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    const param = z.core.toDotPath(issue?.path ?? []);
    const message = `${param || "the input"}: ${issue?.message ?? "invalid"}`;
    return { message, data: { reason: "INVALID_PARAMETER", ...(param !== "" && { param }) } };
  }
  // tRPC's own: no such procedure, unsupported content type, a body that is no JSON.
  if (error.code !== "INTERNAL_SERVER_ERROR") return { message: error.message, data: { reason: "INVALID_PARAMETER" } };
  return { message: "internal error", data: { reason: "INTERNAL" } };
}
