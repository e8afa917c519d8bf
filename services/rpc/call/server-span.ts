import {
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type TextMapGetter,
} from "@opentelemetry/api";
import { GrpcStatus, grpcStatusName } from "../../../clients/grpc-status.ts";
import { attr, attrValue } from "../../../clients/tracing/names.ts";
import { startRpcSpan } from "../../../clients/tracing/tracer.ts";
import type { CallContext } from "./call-context.ts";

/** The SERVER span of one call. */
export interface ServerSpan {
  /** Where the handler runs: the span is the active one. */
  readonly context: Context;
  /** With the call's status, once. */
  end(status: GrpcStatus): void;
}

/** The statuses that are the server's fault (RPC conventions, recording errors); the others are its callers'. */
const serverErrors: ReadonlySet<GrpcStatus> = new Set([
  GrpcStatus.UNKNOWN,
  GrpcStatus.DEADLINE_EXCEEDED,
  GrpcStatus.UNIMPLEMENTED,
  GrpcStatus.INTERNAL,
  GrpcStatus.UNAVAILABLE,
  GrpcStatus.DATA_LOSS,
]);

// No baggage: it is a stranger's, and nothing here reads it. `keys` is for propagators that look for prefixes.
const traceHeaders = ["traceparent", "tracestate"];
const getter: TextMapGetter<CallContext> = {
  get: (call, key) => (traceHeaders.includes(key) ? call.metadata(key) : undefined),
  keys: () => traceHeaders,
};

/** Starts a call's span under the trace context in its metadata. */
export function startServerSpan(call: CallContext): ServerSpan {
  const parent = propagation.extract(ROOT_CONTEXT, call, getter);
  const span = startRpcSpan(
    call.method,
    {
      kind: SpanKind.SERVER,
      attributes: {
        [attr.rpcSystemName]: attrValue.rpcSystemGrpc,
        [attr.rpcMethod]: call.method,
        [attr.requestId]: call.requestId,
        ...peerAttributes(call.peer),
      },
    },
    parent,
  );
  return {
    context: trace.setSpan(parent, span),
    end(status) {
      const name = grpcStatusName(status);
      span.setAttribute(attr.rpcStatusCode, name);
      if (serverErrors.has(status)) {
        span.setAttribute(attr.errorType, name);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function peerAttributes(peer: string): Attributes {
  const [, address, port] = /^(.*):(\d+)$/.exec(peer) ?? [];
  return address === undefined ? {} : { [attr.networkPeerAddress]: address, [attr.networkPeerPort]: Number(port) };
}
