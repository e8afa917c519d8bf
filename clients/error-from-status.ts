import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { StatusSchema } from "../proto/gen/google/rpc/status_pb.ts";
import { ErrorDetailSchema, type ErrorDetail } from "../proto/gen/tokenwire/v1/errors_pb.ts";
import { ErrorReason, RpcError } from "./errors.ts";
import { GrpcStatus } from "./grpc-status.ts";

/** How a call ended when it did not end well. */
export interface CallStatus {
  readonly code: number;
  /** The status message. */
  readonly details: string;
  /** The trailer grpc-status-details-bin: a google.rpc.Status. */
  readonly detailsBin?: Uint8Array | undefined;
  readonly cause?: unknown;
}

/**
 * What a status without ErrorDetail means. Our servers attach one to everything they send, so these are the library's
 * own: refused and broken connections, deadlines, limits; or a proxy's.
 */
const reasonOfStatus: Readonly<Record<number, ErrorReason>> = {
  [GrpcStatus.CANCELLED]: ErrorReason.CANCELLED,
  [GrpcStatus.INVALID_ARGUMENT]: ErrorReason.INVALID_PARAMETER,
  [GrpcStatus.OUT_OF_RANGE]: ErrorReason.INVALID_PARAMETER,
  [GrpcStatus.DEADLINE_EXCEEDED]: ErrorReason.DEADLINE,
  [GrpcStatus.NOT_FOUND]: ErrorReason.MODEL_NOT_FOUND,
  [GrpcStatus.UNAUTHENTICATED]: ErrorReason.UNAUTHENTICATED,
  [GrpcStatus.PERMISSION_DENIED]: ErrorReason.PERMISSION_DENIED,
  [GrpcStatus.RESOURCE_EXHAUSTED]: ErrorReason.RATE_LIMITED,
  // Whether it could not be reached or went away during the call: the process behind the address is not there.
  [GrpcStatus.UNAVAILABLE]: ErrorReason.WORKER_LOST,
};

/** When a lost connection is worth another try: a worker is back, or known to be gone, within about a second. */
const reconnectMs = 1_000;

/** The RpcError that a call's status stands for: the ErrorDetail's when there is one, else by the table above. */
export function rpcErrorFromStatus(status: CallStatus): RpcError {
  const { cause } = status;
  const detail = status.detailsBin && parseDetail(status.detailsBin);
  if (detail) {
    return new RpcError(detail.reason, status.details, {
      cause,
      ...(detail.param !== "" && { param: detail.param }),
      ...(detail.retryAfterMs !== undefined && { retryAfterMs: detail.retryAfterMs }),
    });
  }
  const reason = reasonWithoutDetail(status);
  const retry = reason === ErrorReason.WORKER_LOST ? { retryAfterMs: reconnectMs } : {};
  return new RpcError(reason, status.details, { cause, ...retry });
}

function reasonWithoutDetail({ code, details }: CallStatus): ErrorReason {
  // Both ends of the library refuse a message over their limit with this status, which also means spent quotas.
  if (code === GrpcStatus.RESOURCE_EXHAUSTED && details.includes("larger than")) return ErrorReason.REQUEST_TOO_LARGE;
  // A stream that was cut without a status, which the library calls its own internal error.
  if (code === GrpcStatus.INTERNAL && details.startsWith("Received RST_STREAM")) return ErrorReason.WORKER_LOST;
  return reasonOfStatus[code] ?? ErrorReason.INTERNAL;
}

function parseDetail(detailsBin: Uint8Array): ErrorDetail | undefined {
  try {
    for (const any of fromBinary(StatusSchema, detailsBin).details) {
      const detail = anyUnpack(any, ErrorDetailSchema);
      if (detail) return detail;
    }
  } catch {
    // Not a google.rpc.Status: a stranger's trailer must not hide the status that came with it.
  }
  return undefined;
}
