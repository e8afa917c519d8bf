import type { DescService } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { CallContext } from "./call/call-context.ts";
import { allowResets, ignoreOverflownDeadline, quietLibraryLog } from "./grpc-internals.ts";
import { createLocalClient } from "./local/local-client.ts";
import type { CallHook, CallRuntime } from "./call/running-call.ts";
import { bindService, type ServiceHandlers } from "./serve.ts";
import { removeStaleSocket } from "./unix-socket.ts";

export interface RpcServerOptions {
  /** Is told everything a handler threw that is not an RpcError. */
  readonly onBug: (error: unknown, context: CallContext) => void;
  /** See every call, in order. */
  readonly hooks?: readonly CallHook[];
  /**
   * How long a reader may take nothing of what waits for it before its call is cut off; unset: for ever, for callers that
   * cut off their own readers, whose pace is theirs.
   */
  readonly stallTimeoutMs?: number;
  /**
   * Sends the headers of a call on their way before its handler begins, so that a caller whose server dies knows whether
   * its call was at work there. Unset: with the first message.
   */
  readonly acknowledges?: boolean;
  /** Largest request; unset: 16 MiB. Infinity: for callers who have checked. */
  readonly maxRequestBytes?: number;
  /** Unset: no encryption. */
  readonly tls?: ServerTls;
}

export interface ServerTls {
  /** PEM. */
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface RpcServer {
  /** What was added, for reflection. */
  readonly services: readonly DescService[];
  add<Desc extends DescService>(service: Desc, handlers: ServiceHandlers<Desc>): void;
  /** The client of a service that was added, for this process: its calls need no socket. */
  connect<Desc extends DescService>(service: Desc): Client<Desc>;
  /**
   * Listens on `host:port` (port 0: any free one) or `unix:/absolute/path` (a dead server's socket file is replaced).
   * Resolves to the address with the port that was bound.
   */
  listen(address: string): Promise<string>;
  /**
   * Takes no more calls and waits up to `graceMs` for the running ones; then aborts them with SHUTTING_DOWN, and after
   * another second cuts the connections. Resolves when nothing is left; called again: the same promise.
   */
  close(graceMs: number): Promise<void>;
}

const options: ServerOptions = {
  // The library has no limit of its own. One client process may well have some hundred streams on its connection.
  "grpc.max_concurrent_streams": 1_000,
  // A peer that vanished without a FIN is noticed within 40 s, and its generation stops; the library's default is never.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
};

/** From the abort of what still runs to the cut: time for handlers to stop and for their answers to leave. */
const stopMs = 1_000;

/** Makes a gRPC server: add services, then listen. */
export function createRpcServer({
  onBug,
  hooks = [],
  stallTimeoutMs,
  acknowledges = false,
  maxRequestBytes = 16 * 1024 * 1024,
  tls,
}: RpcServerOptions): RpcServer {
  quietLibraryLog();
  const server = new Server({
    ...options,
    "grpc.max_receive_message_length": Number.isFinite(maxRequestBytes) ? maxRequestBytes : -1,
    interceptors: [ignoreOverflownDeadline],
  });
  allowResets(server);
  const closing = new AbortController();
  const runtime: CallRuntime = {
    stallTimeoutMs,
    onBug,
    hooks,
    acknowledges,
    closing: closing.signal,
    running: new Set(),
  };
  const services: DescService[] = [];
  const handlersOf = new Map<DescService, unknown>();
  let closed: Promise<void> | undefined;

  const allEnded = async () => {
    // Calls that were being admitted may join while others are waited for.
    while (runtime.running.size > 0) await Promise.all([...runtime.running].map((call) => call.ended));
  };
  const close = async (graceMs: number) => {
    closing.abort(shuttingDown());
    const disconnected = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    const done = Promise.all([allEnded(), disconnected]);
    await within(done, graceMs);
    for (const call of runtime.running) call.abort(shuttingDown());
    await within(done, stopMs);
    server.forceShutdown();
  };

  return {
    services,
    add(service, handlers) {
      const { definition, implementation } = bindService(service, handlers, runtime);
      server.addService(definition, implementation);
      services.push(service);
      handlersOf.set(service, handlers);
    },
    connect<Desc extends DescService>(service: Desc) {
      const handlers = handlersOf.get(service);
      if (handlers === undefined) throw new TypeError(`${service.typeName} is not served here`);
      return createLocalClient(service, handlers as ServiceHandlers<Desc>, runtime);
    },
    async listen(address) {
      await removeStaleSocket(address);
      const port = await bind(server, address, tls);
      return address.startsWith("unix:") ? address : address.replace(/\d+$/, String(port));
    },
    close: (graceMs) => (closed ??= close(graceMs)),
  };
}

function shuttingDown(): RpcError {
  // Another replica, or this one restarted, can be there in a second.
  return new RpcError(ErrorReason.SHUTTING_DOWN, "the server is shutting down", { retryAfterMs: 1_000 });
}

async function within(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const timeout = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([work, timeout]);
  timer.abort();
}

function bind(server: Server, address: string, tls: ServerTls | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsFrom(tls), (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function credentialsFrom(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  return ServerCredentials.createSsl(null, [pair]);
}
