import { setImmediate as nextTurn } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  Metadata,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { CallContext, ServerCall } from "./call/call-context.ts";
import { EncodedMessage, pump } from "./call/pump.ts";
import { RunningCall, type CallRuntime, type Reply } from "./call/running-call.ts";

/**
 * A service's handlers: one answer is a promise, a stream an async iterable; answers may be init shapes (partial
 * objects), and those of a stream encoded already. What is thrown as RpcError reaches the caller as it is; anything else is a bug, reaches `onBug`, and the
 * caller as `internal error`. A stream's handler is iterated no faster than the caller reads, and always returned.
 */
export type ServiceHandlers<Desc extends DescService> = {
  readonly [Name in keyof Desc["method"]]: MethodHandler<Desc["method"][Name]>;
};

type MethodHandler<Method> =
  Method extends DescMethodUnary<infer In, infer Out>
    ? (request: MessageShape<In>, context: CallContext) => Promise<MessageInitShape<Out>>
    : Method extends DescMethodServerStreaming<infer In, infer Out>
      ? (request: MessageShape<In>, context: CallContext) => AsyncIterable<MessageInitShape<Out> | EncodedMessage<Out>>
      : Method extends DescMethodBiDiStreaming<infer In, infer Out>
        ? (requests: AsyncIterable<MessageShape<In>>, context: CallContext) => AsyncIterable<MessageInitShape<Out>>
        : never;

type Request = MessageShape<DescMessage>;
type Response = MessageInitShape<DescMessage> | EncodedMessage;
export type UnaryHandler = (request: Request, context: CallContext) => Promise<MessageInitShape<DescMessage>>;
export type StreamHandler = (request: Request, context: CallContext) => AsyncIterable<Response>;
type BidiHandler = (requests: AsyncIterable<Request>, context: CallContext) => AsyncIterable<Response>;

/** A service in the library's terms, for `Server.addService`. */
export interface BoundService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Binds handlers to a service's descriptor. */
export function bindService<Desc extends DescService>(
  service: Desc,
  handlers: ServiceHandlers<Desc>,
  runtime: CallRuntime,
): BoundService {
  const byName = handlers as Readonly<Record<string, unknown>>;
  return {
    definition: Object.fromEntries(service.methods.map((method) => [method.localName, definitionOf(method)])),
    implementation: Object.fromEntries(
      service.methods.map((method) => [method.localName, bindMethod(method, byName[method.localName], runtime)]),
    ),
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Messages pass the library as bytes: its own answers to what cannot be encoded or decoded say nothing to anybody. */
function definitionOf(method: DescMethod): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/${nameOf(method)}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function bindMethod(method: DescMethod, handler: unknown, runtime: CallRuntime): UntypedServiceImplementation[string] {
  switch (method.methodKind) {
    case "unary":
      return bindUnary(method, handler as UnaryHandler, runtime);
    case "server_streaming":
      return bindStream(method, handler as StreamHandler, runtime);
    case "bidi_streaming":
      return bindBidi(method, handler as BidiHandler, runtime);
    case "client_streaming":
      throw new TypeError(`${nameOf(method)}: streams of requests with one answer are not served`);
  }
}

function bindUnary(method: DescMethod, handler: UnaryHandler, runtime: CallRuntime): handleUnaryCall<Buffer, Buffer> {
  return (call, respond) => {
    let answer: Buffer | null = null;
    const reply: Reply = { succeed: (trailers) => respond(null, answer, trailers), fail: (status) => respond(status) };
    void new RunningCall(call, { method: nameOf(method), reply, runtime }, async ({ context }) => {
      if (runtime.acknowledges) await acknowledge(call, context);
      answer = encode(method.output, await handler(decode(method.input, call.request), context));
      sendHeaders(call, context);
      return answer.byteLength;
    });
  };
}

function bindStream(
  method: DescMethod,
  handler: StreamHandler,
  runtime: CallRuntime,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => runStream(call, method, runtime, (context) => handler(decode(method.input, call.request), context));
}

function bindBidi(
  method: DescMethod,
  handler: BidiHandler,
  runtime: CallRuntime,
): handleBidiStreamingCall<Buffer, Buffer> {
  return (call) => runStream(call, method, runtime, (context) => handler(requestsOf(call, method), context));
}

function runStream(
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  method: DescMethod,
  runtime: CallRuntime,
  handle: (context: CallContext) => AsyncIterable<Response>,
): void {
  const { stallTimeoutMs } = runtime;
  const reply: Reply = {
    succeed: (trailers) => call.end(trailers),
    // The library's listener takes this for the status to end with.
    fail: (status) => void call.emit("error", status),
  };
  void new RunningCall(call, { method: nameOf(method), reply, runtime }, async (running) => {
    const { context } = running;
    if (runtime.acknowledges) await acknowledge(call, context);
    // Not before the first message: a refusal without headers is one that proxies may try elsewhere.
    const headersOnce = once(() => sendHeaders(call, context));
    const encodeNext = (message: Response) => {
      const bytes = encode(method.output, message);
      headersOnce();
      return bytes;
    };
    await pump(handle(context), call, {
      encode: encodeNext,
      signal: context.signal,
      stallTimeoutMs,
      onSent: () => running.sent(),
      onStall: () => running.cutOff(),
    });
    return 0;
  });
}

async function* requestsOf(call: ServerDuplexStream<Buffer, Buffer>, method: DescMethod): AsyncGenerator<Request> {
  // Leaving the loop must not destroy the call, which still has an answer to give.
  const requests: AsyncIterator<Buffer> = call.iterator({ destroyOnReturn: false });
  for (;;) {
    // The stream may end before its time a moment before the call says that its caller has left.
    const next = await requests.next().catch((cause: unknown) => {
      throw new RpcError(ErrorReason.CANCELLED, "the caller left before its last request", { cause });
    });
    if (next.done === true) return;
    yield decode(method.input, next.value);
  }
}

/** `package.Service/Method`. */
export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function decode(schema: DescMessage, bytes: Buffer): Request {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new RpcError(ErrorReason.INVALID_PARAMETER, `the request is not a valid ${schema.typeName}`, { cause });
  }
}

function encode(schema: DescMessage, message: Response): Buffer {
  const bytes = message instanceof EncodedMessage ? message.bytes : toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sends the headers, and lets them leave before work begins that may hold the process up, or end it. */
async function acknowledge(call: ServerCall, context: CallContext): Promise<void> {
  sendHeaders(call, context);
  await nextTurn();
  context.signal.throwIfAborted();
}

function sendHeaders(call: ServerCall, { requestId }: CallContext): void {
  const headers = new Metadata();
  headers.set("x-request-id", requestId);
  call.sendMetadata(headers);
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
