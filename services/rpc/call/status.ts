import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import { StatusSchema } from "../../../proto/gen/google/rpc/status_pb.ts";
import { ErrorDetailSchema } from "../../../proto/gen/tokenwire/v1/errors_pb.ts";

/** The one table from reasons to gRPC statuses; a reason added to the proto does not compile until it is here. */
const statusOfReason: Readonly<Record<ErrorReason, GrpcStatus>> = {
  [ErrorReason.UNSPECIFIED]: GrpcStatus.INTERNAL,
  [ErrorReason.INVALID_PARAMETER]: GrpcStatus.INVALID_ARGUMENT,
  [ErrorReason.UNSUPPORTED_PARAMETER]: GrpcStatus.INVALID_ARGUMENT,
  [ErrorReason.CONTEXT_LENGTH_EXCEEDED]: GrpcStatus.INVALID_ARGUMENT,
  [ErrorReason.UNAUTHENTICATED]: GrpcStatus.UNAUTHENTICATED,
  [ErrorReason.MODEL_NOT_FOUND]: GrpcStatus.NOT_FOUND,
  [ErrorReason.REQUEST_TOO_LARGE]: GrpcStatus.RESOURCE_EXHAUSTED,
  [ErrorReason.RATE_LIMITED]: GrpcStatus.RESOURCE_EXHAUSTED,
  [ErrorReason.OVERLOADED]: GrpcStatus.UNAVAILABLE,
  [ErrorReason.MODEL_LOADING]: GrpcStatus.UNAVAILABLE,
  [ErrorReason.SHUTTING_DOWN]: GrpcStatus.UNAVAILABLE,
  [ErrorReason.WORKER_LOST]: GrpcStatus.UNAVAILABLE,
  [ErrorReason.MODEL_LOAD_FAILED]: GrpcStatus.FAILED_PRECONDITION,
  [ErrorReason.INSUFFICIENT_MEMORY]: GrpcStatus.FAILED_PRECONDITION,
  [ErrorReason.QUARANTINED]: GrpcStatus.FAILED_PRECONDITION,
  [ErrorReason.PERMISSION_DENIED]: GrpcStatus.PERMISSION_DENIED,
  [ErrorReason.DEADLINE]: GrpcStatus.DEADLINE_EXCEEDED,
  [ErrorReason.CANCELLED]: GrpcStatus.CANCELLED,
  [ErrorReason.INTERNAL]: GrpcStatus.INTERNAL,
};

/** What goes over the wire when a call fails. */
export interface WireStatus {
  readonly code: GrpcStatus;
  readonly details: string;
  /** A google.rpc.Status with an ErrorDetail, for the trailer grpc-status-details-bin. */
  readonly detailsBin: Uint8Array;
}

/** The RpcError that a caller may see: itself, or `internal error` with what was thrown as its cause. */
export function rpcErrorFromUnknown(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(ErrorReason.INTERNAL, "internal error", { cause: error });
}

/** The gRPC status of a reason; one that a newer peer knows and we do not is INTERNAL. */
export function grpcStatusOf(reason: ErrorReason): GrpcStatus {
  return statusOfReason[reason] ?? GrpcStatus.INTERNAL;
}

/** An error as its status with details, every text safe to send. */
export function statusFromError({ reason, message, param, retryAfterMs }: RpcError): WireStatus {
  const code = grpcStatusOf(reason);
  const details = wireText(message);
  const detail = create(ErrorDetailSchema, {
    reason,
    ...(param !== undefined && { param: wireText(param) }),
    ...(retryAfterMs !== undefined && { retryAfterMs: wireUint32(retryAfterMs) }),
  });
  const status = create(StatusSchema, { code, message: details, details: [anyPack(ErrorDetailSchema, detail)] });
  return { code, details, detailsBin: toBinary(StatusSchema, status) };
}

/** Trailers share one header block, which many peers limit to 8 KiB, and percent-encoding triples a text. */
const maxTextBytes = 1024;

/**
 * A text that a status can carry: on one line, at most 1 KiB of UTF-8 and never half a character (grpc-js would throw
 * from an event handler, and end the process, on a lone surrogate).
 */
function wireText(text: string): string {
  const line = text.replace(/[\r\n]+/g, " ").toWellFormed();
  if (Buffer.byteLength(line) <= maxTextBytes) return line;
  // Decoding as a stream holds a cut character back instead of replacing it.
  const cut = new TextDecoder().decode(Buffer.from(line).subarray(0, maxTextBytes - 3), { stream: true });
  return `${cut}…`;
}

function wireUint32(value: number): number {
  return Math.min(Math.max(Math.ceil(value) || 0, 0), 0xffff_ffff);
}
