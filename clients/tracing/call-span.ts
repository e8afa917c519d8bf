import { propagation, SpanKind, SpanStatusCode, trace, type Attributes, type Context } from "@opentelemetry/api";
import { GrpcStatus, grpcStatusName } from "../grpc-status.ts";
import { attr, attrValue } from "./names.ts";
import { startRpcSpan } from "./tracer.ts";

export interface OutgoingCall {
  /** `package.Service/Method`. */
  readonly method: string;
  /** The channel's address. */
  readonly address: string;
  /** Puts a header of the trace context into the call's metadata. */
  readonly inject: (key: string, value: string) => void;
}

/** The CLIENT span of one call. */
export interface CallSpan {
  /** With the call's status, once. */
  end(status: number): void;
}

/** Starts the span of a call under `parent` and injects the trace context into the call's metadata. */
export function startCallSpan(parent: Context, call: OutgoingCall): CallSpan {
  const attributes = { [attr.rpcSystemName]: attrValue.rpcSystemGrpc, [attr.rpcMethod]: call.method };
  const span = startRpcSpan(
    call.method,
    { kind: SpanKind.CLIENT, attributes: { ...attributes, ...serverAttributes(call.address) } },
    parent,
  );
  propagation.inject(trace.setSpan(parent, span), call.inject, { set: (inject, key, value) => inject(key, value) });
  return {
    end(status) {
      const name = grpcStatusName(status);
      span.setAttribute(attr.rpcStatusCode, name);
      // For a client, everything but OK is an error (RPC conventions, recording errors).
      if (status !== GrpcStatus.OK) {
        span.setAttribute(attr.errorType, name);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

/** `host:port`, `dns:///host:port` or `unix:/path` as attributes. */
function serverAttributes(address: string): Attributes {
  if (address.startsWith("unix:")) {
    return { [attr.serverAddress]: address.slice("unix:".length), [attr.networkTransport]: "unix" };
  }
  const [, host, port] = /^(?:dns:\/\/\/)?(.*):(\d+)$/.exec(address) ?? [];
  if (host === undefined) return { [attr.serverAddress]: address };
  return { [attr.serverAddress]: host.replace(/^\[|\]$/g, ""), [attr.serverPort]: Number(port) };
}
