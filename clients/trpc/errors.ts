import { TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { z } from "zod";
import { ErrorReason, RpcError } from "../errors.ts";
import { httpErrorOf } from "../http-errors.ts";

/** The codes that tRPC has for the HTTP statuses of our errors. */
const codes = [
  "BAD_REQUEST",
  "UNAUTHORIZED",
  "NOT_FOUND",
  "PAYLOAD_TOO_LARGE",
  "UNPROCESSABLE_CONTENT",
  "TOO_MANY_REQUESTS",
  "CLIENT_CLOSED_REQUEST",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
] as const satisfies TRPC_ERROR_CODE_KEY[];
const codeOfStatus = new Map<number, TRPC_ERROR_CODE_KEY>(
  codes.map((code) => [getHTTPStatusCodeFromError(new TRPCError({ code })), code]),
);

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
  const code = codeOfStatus.get(httpErrorOf(error.reason).status) ?? "INTERNAL_SERVER_ERROR";
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
  // tRPC's own: no such procedure, unsupported content type, a body that is not JSON.
  if (error.code !== "INTERNAL_SERVER_ERROR") return { message: error.message, data: { reason: "INVALID_PARAMETER" } };
  return { message: "internal error", data: { reason: "INTERNAL" } };
}
