import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  Client as GrpcClient,
  Metadata,
  type CallOptions as GrpcCallOptions,
  type ClientUnaryCall as SurfaceCall,
  type ServiceError,
} from "@grpc/grpc-js";
import { context, type Context } from "@opentelemetry/api";
import { grpcChannelOf, type Channel } from "./channel.ts";
import { rpcErrorFromStatus } from "./error-from-status.ts";
import { ErrorReason, RpcError } from "./errors.ts";
import { GrpcStatus } from "./grpc-status.ts";
import { readStream } from "./stream-reader.ts";
import { startCallSpan } from "./tracing/call-span.ts";

export interface CallOptions {
  /** Cancels the call; what waits for it is rejected with the signal's reason. Aborted already: no call is opened. */
  readonly signal?: AbortSignal | undefined;
  /** From the start of the call to its last message; then both ends stop with DEADLINE. At most 24 days. */
  readonly timeoutMs?: number | undefined;
  /** Sent along, such as `x-request-id` and `authorization`. Names are lower case, values printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Called when the server's headers have come: from a worker before its work on the call begins. */
  readonly onHeaders?: (() => void) | undefined;
}

/** A service's methods: one answer is a promise, a stream is an async iterable, and leaving the iteration cancels it. */
export type Client<Desc extends DescService> = {
  readonly [Name in keyof Desc["method"]]: ClientMethod<Desc["method"][Name]>;
};

type ClientMethod<Method> =
  Method extends DescMethodUnary<infer In, infer Out>
    ? (request: MessageInitShape<In>, options?: CallOptions) => Promise<MessageShape<Out>>
    : Method extends DescMethodServerStreaming<infer In, infer Out>
      ? (request: MessageInitShape<In>, options?: CallOptions) => AsyncIterable<MessageShape<Out>>
      : never;

/** The streams of a service with their messages as they arrive, for who passes them on without looking at all of them. */
export type Relay<Desc extends DescService> = {
  readonly [
    Name in keyof Desc["method"] as Desc["method"][Name] extends DescMethodServerStreaming ? Name : never
  ]: RelayMethod<Desc["method"][Name]>;
};

type RelayMethod<Method> =
  Method extends DescMethodServerStreaming<infer In>
    ? (request: MessageInitShape<In>, options?: CallOptions) => AsyncIterable<Uint8Array>
    : never;

export interface ClientOptions {
  /** Sent along with every call; a call's own values win. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes the typed client of a service over a channel, which stays the caller's to close. Requests are init shapes
 * (partial objects). Whatever a call ends of is an RpcError, or the reason of the signal that ended it. A stream is
 * opened by the first `next()` and can be read once.
 */
export function createClient<Desc extends DescService>(
  service: Desc,
  channel: Channel,
  options: ClientOptions = {},
): Client<Desc> {
  const grpc = grpcClientOf(channel);
  const methods = service.methods.map((method) => {
    const caller = new MethodCaller(grpc, method, channel.address, options.metadata);
    switch (method.methodKind) {
      case "unary":
        return [method.localName, (request: Init, call?: CallOptions) => caller.unary(request, call)] as const;
      case "server_streaming":
        return [method.localName, (request: Init, call?: CallOptions) => caller.stream(request, call)] as const;
      default:
        // No service of ours has another kind, and the type of a client leaves it out.
        return [method.localName, undefined] as const;
    }
  });
  return Object.fromEntries(methods) as Client<Desc>;
}

/** Makes the relay of a service: its streams as `createClient` has them, but for their messages' form. */
export function createRelay<Desc extends DescService>(service: Desc, channel: Channel): Relay<Desc> {
  const grpc = grpcClientOf(channel);
  const streams = service.methods.filter((method) => method.methodKind === "server_streaming");
  const methods = streams.map((method) => {
    const caller = new MethodCaller(grpc, method, channel.address);
    return [method.localName, (request: Init, call?: CallOptions) => caller.stream(request, call, asIs)] as const;
  });
  return Object.fromEntries(methods) as unknown as Relay<Desc>;
}

function grpcClientOf(channel: Channel): GrpcClient {
  return new GrpcClient(channel.address, undefined as never, { channelOverride: grpcChannelOf(channel) });
}

const asIs = (bytes: Buffer): Uint8Array => bytes;

type Init = MessageInitShape<DescMessage>;

class MethodCaller {
  readonly #grpc: GrpcClient;
  readonly #method: DescMethod;
  readonly #address: string;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #serialize: (message: Message) => Buffer;
  readonly #parse: (bytes: Buffer) => Message;

  constructor(grpc: GrpcClient, method: DescMethod, address: string, metadata: Readonly<Record<string, string>> = {}) {
    this.#grpc = grpc;
    this.#method = method;
    this.#address = address;
    this.#metadata = metadata;
    this.#name = `${method.parent.typeName}/${method.name}`;
    this.#serialize = (message) => asBuffer(toBinary(method.input, message));
    this.#parse = (bytes) => fromBinary(method.output, bytes);
  }

  async unary(request: Init, options: CallOptions = {}): Promise<Message> {
    const { signal } = options;
    signal?.throwIfAborted();
    const body = create(this.#method.input, request);
    let abort = () => {};
    const answer = new Promise<Message>((resolve, reject) => {
      const answered = (error: ServiceError | null, message: Message | undefined) =>
        message ? resolve(message) : reject(rpcErrorFrom(error, options));
      const call = this.#start(context.active(), options, (path, metadata, callOptions) =>
        this.#grpc.makeUnaryRequest(path, this.#serialize, this.#parse, body, metadata, callOptions, answered),
      );
      abort = () => {
        reject(signal?.reason);
        call.cancel();
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
    return answer.finally(() => signal?.removeEventListener("abort", abort));
  }

  stream<T = Message>(
    request: Init,
    options: CallOptions = {},
    parse: (bytes: Buffer) => T = this.#parse as (bytes: Buffer) => T,
  ): AsyncIterable<T> {
    const body = create(this.#method.input, request);
    // Taken now: the first next() may run in another context than the caller's.
    const parent = context.active();
    const open = () =>
      this.#start(parent, options, (path, metadata, callOptions) =>
        this.#grpc.makeServerStreamRequest(path, this.#serialize, parse, body, metadata, callOptions),
      );
    return readStream(open, { signal: options.signal, toError: (error) => rpcErrorFrom(error, options) });
  }

  /** Opens a call with its metadata, inside a span that ends when the call has its status. */
  #start<Call extends SurfaceCall>(
    parent: Context,
    options: CallOptions,
    open: (path: string, metadata: Metadata, options: GrpcCallOptions) => Call,
  ): Call {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.#metadata, ...options.metadata })) metadata.set(key, value);
    const inject = (key: string, value: string) => metadata.set(key, value);
    const span = startCallSpan(parent, { method: this.#name, address: this.#address, inject });
    try {
      const call = open(`/${this.#name}`, metadata, grpcOptions(options));
      if (options.onHeaders) call.once("metadata", options.onHeaders);
      call.once("status", ({ code }) => span.end(code));
      return call;
    } catch (cause) {
      // The library throws here for nothing else.
      span.end(GrpcStatus.CANCELLED);
      throw new RpcError(ErrorReason.CANCELLED, "the client was closed", { cause });
    }
  }
}

/** setTimeout, and grpc-timeout in other libraries, overflow a little above: a longer deadline would be over at once. */
const maxTimeoutMs = 24 * 24 * 3600 * 1000;

/** When a call that begins now must be over, in ms since 1970; undefined: never. */
export function deadlineOf({ timeoutMs }: CallOptions): number | undefined {
  return timeoutMs === undefined ? undefined : Date.now() + Math.min(timeoutMs, maxTimeoutMs);
}

/** The error of a call that was not over in time. */
export function noAnswerWithin(timeoutMs: number, cause?: unknown): RpcError {
  return new RpcError(ErrorReason.DEADLINE, `no answer within ${timeoutMs} ms`, { cause });
}

function grpcOptions(options: CallOptions): GrpcCallOptions {
  const deadline = deadlineOf(options);
  return deadline === undefined ? {} : { deadline };
}

function rpcErrorFrom(error: unknown, { timeoutMs }: CallOptions): RpcError {
  if (!isServiceError(error)) return new RpcError(ErrorReason.INTERNAL, "the call failed", { cause: error });
  const { code, details, metadata } = error;
  const [bin] = metadata.get("grpc-status-details-bin");
  if (code === GrpcStatus.DEADLINE_EXCEEDED && bin === undefined && timeoutMs !== undefined) {
    // The library's own text names the steps of the call's life, which is nobody's business but its cause's.
    return noAnswerWithin(timeoutMs, error);
  }
  return rpcErrorFromStatus({ code, details, detailsBin: typeof bin === "string" ? undefined : bin, cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}

/** The same bytes as the Buffer that the library wants. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
