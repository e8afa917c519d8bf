import { create, fromBinary } from "@bufbuild/protobuf";
import type { DescMessage, DescMethod, DescService, Message, MessageInitShape } from "@bufbuild/protobuf";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { context, type Context } from "@opentelemetry/api";
import { deadlineOf, noAnswerWithin, type CallOptions, type Client } from "../../../clients/create-client.ts";
import { rpcErrorFromStatus } from "../../../clients/error-from-status.ts";
import { ErrorReason, type RpcError } from "../../../clients/errors.ts";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import { readStream } from "../../../clients/stream-reader.ts";
import { startCallSpan } from "../../../clients/tracing/call-span.ts";
import { LocalCall } from "./local-call.ts";
import { EncodedMessage, pump } from "../call/pump.ts";
import { RunningCall, type CallRuntime, type CallWork, type Reply } from "../call/running-call.ts";
import { nameOf, type ServiceHandlers, type StreamHandler, type UnaryHandler } from "../serve.ts";

type Init = MessageInitShape<DescMessage>;

/**
 * The client of a service in this same process: what createClient makes, without a socket. Metadata, deadlines, errors,
 * cancellation, back-pressure, hooks and spans are those of a call through one.
 */
export function createLocalClient<Desc extends DescService>(
  service: Desc,
  handlers: ServiceHandlers<Desc>,
  runtime: CallRuntime,
): Client<Desc> {
  const byName = handlers as Readonly<Record<string, unknown>>;
  const methods = service.methods.map((method) => {
    const caller = new LocalCaller(method, runtime);
    const handler = byName[method.localName];
    switch (method.methodKind) {
      case "unary":
        return [
          method.localName,
          (request: Init, options?: CallOptions) => caller.unary(handler as UnaryHandler, request, options),
        ] as const;
      case "server_streaming":
        return [
          method.localName,
          (request: Init, options?: CallOptions) => caller.stream(handler as StreamHandler, request, options),
        ] as const;
      default:
        return [method.localName, undefined] as const;
    }
  });
  return Object.fromEntries(methods) as Client<Desc>;
}

class LocalCaller {
  readonly #method: DescMethod;
  readonly #runtime: CallRuntime;

  constructor(method: DescMethod, runtime: CallRuntime) {
    this.#method = method;
    this.#runtime = runtime;
  }

  async unary(handler: UnaryHandler, request: Init, options: CallOptions = {}): Promise<Message> {
    const { signal } = options;
    signal?.throwIfAborted();
    const body = create(this.#method.input, request);
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const call = this.#open<Message>(options);
    call.on("error", (status: StatusObject) => reject(errorFrom(status, options)));
    call.on("end", () => resolve(call.read() as Message));
    const abort = () => {
      reject(signal?.reason);
      call.cancel();
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#run(context.active(), call, async ({ context: callContext }) => {
      call.write(create(this.#method.output, await handler(body, callContext)));
      return 0;
    });
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  stream(handler: StreamHandler, request: Init, options: CallOptions = {}): AsyncIterable<Message> {
    const body = create(this.#method.input, request);
    // Taken now: the first next() may run in another context than the caller's.
    const parent = context.active();
    const { stallTimeoutMs } = this.#runtime;
    const open = () => {
      const call = this.#open<Message>(options);
      this.#run(parent, call, async (running) => {
        await pump(handler(body, running.context), call, {
          encode: (message) => this.#toMessage(message),
          signal: running.context.signal,
          stallTimeoutMs,
          onSent: () => running.sent(),
          onStall: () => running.cutOff(),
        });
        return 0;
      });
      return call;
    };
    return readStream(open, {
      signal: options.signal,
      toError: (status) => errorFrom(status as StatusObject, options),
    });
  }

  /** What a handler yields, as its reader gets it. */
  #toMessage(message: Init | EncodedMessage): Message {
    const { output } = this.#method;
    return message instanceof EncodedMessage ? fromBinary(output, message.bytes) : create(output, message);
  }

  #open<T>(options: CallOptions): LocalCall<T> {
    const { timeoutMs, metadata: entries = {} } = options;
    if (timeoutMs !== undefined && timeoutMs <= 0) throw noAnswerWithin(timeoutMs);
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
    return new LocalCall({ metadata, deadline: deadlineOf(options) });
  }

  /** Lets the handler work on a call, inside a span that ends when the call has its status. */
  #run(parent: Context, call: LocalCall<Message>, work: CallWork): void {
    const method = nameOf(this.#method);
    const inject = (key: string, value: string) => call.metadata.set(key, value);
    const span = startCallSpan(parent, { method, address: "in-process", inject });
    let ended = false;
    const end = (code: GrpcStatus) => {
      if (!ended) span.end(code);
      ended = true;
    };
    const reply: Reply = {
      succeed() {
        end(GrpcStatus.OK);
        call.succeed();
      },
      fail(status) {
        end(status.code);
        call.fail(status);
      },
    };
    call.once("cancelled", () => end(GrpcStatus.CANCELLED));
    void new RunningCall(call, { method, reply, runtime: this.#runtime }, work);
  }
}

function errorFrom({ code, details, metadata }: StatusObject, { timeoutMs }: CallOptions): RpcError {
  const [bin] = metadata.get("grpc-status-details-bin");
  const error = rpcErrorFromStatus({ code, details, detailsBin: typeof bin === "string" ? undefined : bin });
  return error.reason === ErrorReason.DEADLINE && timeoutMs !== undefined ? noAnswerWithin(timeoutMs, error) : error;
}
