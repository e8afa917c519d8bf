import { createKeyCheck } from "../clients/api-keys.ts";
import type { TokenwireClient } from "../clients/tokenwire-client.ts";
import { Health } from "../proto/gen/grpc/health/v1/health_pb.ts";
import { InferenceService } from "../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService } from "../proto/gen/tokenwire/v1/models_pb.ts";
import { StartError } from "../config/config-error.ts";
import type { CallContext } from "./rpc/call/call-context.ts";
import type { CallHook } from "./rpc/call/running-call.ts";
import { createRpcServer, type RpcServer, type ServerTls } from "./rpc/server.ts";

export interface FrontServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Keys of which callers over the network must send one; empty: everyone may call. */
  readonly apiKeys: readonly string[];
  /** Unset: no encryption. */
  readonly tls: ServerTls | undefined;
  /** How long a reader over the network may take nothing before its call is cut off. */
  readonly stallTimeoutMs: number;
  /** Largest request over the network. */
  readonly maxRequestBytes: number;
  readonly onBug: (error: unknown, context: CallContext) => void;
  /** Gives a server what it serves: to the network, or to this process alone. */
  readonly addServices: (server: RpcServer, way: "open" | "local") => void;
}

/** The services, to be called in two ways. */
export interface FrontServer {
  /** For everyone, with a key and TLS where they are asked for: `host:port`. */
  readonly address: string;
  /** For this process, whose REST face checks its callers itself: no socket, key or certificate lies between. */
  readonly client: TokenwireClient;
  /** Takes no more calls from the network, lets the running ones go on for `graceMs`. Resolves when none is left. */
  drain(graceMs: number): Promise<void>;
  /** The same for this process's own calls. */
  close(graceMs: number): Promise<void>;
}

/** Listens on the network, and serves this process without a socket. Throws a clear sentence when it cannot listen. */
export async function startFrontServer(options: FrontServerOptions): Promise<FrontServer> {
  const { host, port, apiKeys, tls, stallTimeoutMs, maxRequestBytes, onBug, addServices } = options;
  const open = createRpcServer({
    onBug,
    hooks: [requireKey(apiKeys)],
    stallTimeoutMs,
    maxRequestBytes,
    ...(tls && { tls }),
  });
  const local = createRpcServer({ onBug });
  addServices(open, "open");
  addServices(local, "local");
  const address = await listen(open, host.includes(":") ? `[${host}]` : host, port);
  return {
    address,
    client: {
      inference: local.connect(InferenceService),
      models: local.connect(ModelService),
      // The server refuses calls when it closes, and there is no connection.
      close() {},
    },
    drain: (graceMs) => open.close(graceMs),
    close: (graceMs) => local.close(graceMs),
  };
}

async function listen(server: RpcServer, host: string, port: number): Promise<string> {
  try {
    return await server.listen(`${host}:${port}`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new StartError(`gRPC cannot listen on ${host}:${port}: ${listenFault(cause)}`, { cause: error });
  }
}

function listenFault(cause: string): string {
  if (cause.includes("EADDRINUSE")) return "the port is in use: stop what uses it, or set grpc_port";
  if (!/Name resolution failed|EADDRNOTAVAIL|ENOTFOUND/.test(cause)) return cause;
  return (
    "this machine has no such address: name one with --grpc_host (0.0.0.0 is all of them)," +
    " or unset the variable GRPC_HOST if it comes from there"
  );
}

/** Refuses calls without one of `keys` in their metadata; without keys, none. Probes have no key, so health is open. */
function requireKey(keys: readonly string[]): CallHook {
  const check = createKeyCheck(keys);
  return ({ method, metadata }) => {
    if (!method.startsWith(`${Health.typeName}/`)) check(metadata);
    return undefined;
  };
}
