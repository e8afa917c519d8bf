/** The status codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html), so that no room needs grpc-js for them. */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatusName = keyof typeof GrpcStatus;
export type GrpcStatus = (typeof GrpcStatus)[GrpcStatusName];

const names = Object.keys(GrpcStatus) as GrpcStatusName[];

/** The name of a status code, as traces and logs show it; a number that is not a code is UNKNOWN. */
export function grpcStatusName(code: number): GrpcStatusName {
  return names[code] ?? "UNKNOWN";
}
