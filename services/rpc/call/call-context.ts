import { randomUUID } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";

/** What the library's calls of all kinds have in common. */
export interface ServerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  /** In ms since 1970 or a Date; without one, Infinity. */
  getDeadline(): number | Date;
  sendMetadata(headers: Metadata): void;
  /** Fires once at the end of every call, also of one that ended well. */
  on(event: "cancelled", listener: () => void): unknown;
}

/** What a handler knows of its call. */
export interface CallContext {
  /** `package.Service/Method`. */
  readonly method: string;
  /**
   * Aborted when the caller leaves (reason CANCELLED), at the deadline (DEADLINE), when the reader has stalled
   * (RATE_LIMITED) and when the server stops (SHUTTING_DOWN): an RpcError each time. Never after the call has ended.
   */
  readonly signal: AbortSignal;
  /** Aborted when the server begins to close: streams without an end of their own should end, others go on. */
  readonly closing: AbortSignal;
  /** In ms since 1970; the signal follows it. */
  readonly deadline: number | undefined;
  /** The caller's `x-request-id`, or a new one. */
  readonly requestId: string;
  /** The first value of a metadata key, in lower case; binary ones (`-bin`) are left out. */
  readonly metadata: (key: string) => string | undefined;
  /** `address:port`, or `unknown` on a unix socket. */
  readonly peer: string;
  /** Adds a value to the metadata that ends a call which ends well. Printable ASCII only. */
  readonly addTrailer: (key: string, value: string) => void;
}

export interface CallContextOptions {
  readonly method: string;
  readonly signal: AbortSignal;
  readonly closing: AbortSignal;
  readonly deadline: number | undefined;
  readonly trailers: Metadata;
}

export function createCallContext(call: ServerCall, options: CallContextOptions): CallContext {
  const metadata = (key: string): string | undefined => {
    const [value] = call.metadata.get(key);
    return typeof value === "string" ? value : undefined;
  };
  const { trailers, ...given } = options;
  return {
    ...given,
    requestId: requestIdFrom(metadata("x-request-id")),
    metadata,
    peer: call.getPeer(),
    addTrailer: (key, value) => trailers.add(key, value),
  };
}

/** Ids go into logs and headers: what is too long for one, or is not printable ASCII, is replaced. */
function requestIdFrom(value: string | undefined): string {
  return value !== undefined && /^[\x21-\x7e]{1,128}$/.test(value) ? value : randomUUID();
}
