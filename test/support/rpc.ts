import { createTokenwireClient, type TokenwireClient, type TokenwireClientOptions } from "../../clients/index.ts";
import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { CallContext } from "../../services/rpc/call/call-context.ts";
import type { ServiceHandlers } from "../../services/rpc/serve.ts";
import { createRpcServer, type RpcServer, type RpcServerOptions } from "../../services/rpc/server.ts";

export type InferenceHandlers = ServiceHandlers<typeof InferenceService>;
export type ModelHandlers = ServiceHandlers<typeof ModelService>;

export interface RpcFixture extends AsyncDisposable {
  readonly server: RpcServer;
  readonly address: string;
  readonly client: TokenwireClient;
  /** What onBug was told. */
  readonly bugs: { readonly error: unknown; readonly context: CallContext }[];
}

export interface RpcFixtureOptions extends Partial<Omit<RpcServerOptions, "onBug">> {
  readonly address?: string;
  readonly models?: Partial<ModelHandlers>;
  readonly client?: TokenwireClientOptions;
}

const unexpected = () => {
  throw new Error("the test did not expect this call");
};

/** Whether this run of the tests makes its calls without a socket: no message is encoded, and none lies in a buffer. */
export const isInProcess = process.env["RPC_TRANSPORT"] === "in-process";

function localClient(server: RpcServer): TokenwireClient {
  return { inference: server.connect(InferenceService), models: server.connect(ModelService), close() {} };
}

/** A real server with the given handlers and a real client of it. Leaving the scope aborts what still runs. */
export async function startRpc(
  inference: Partial<InferenceHandlers>,
  { address = "127.0.0.1:0", models, client: clientOptions, ...options }: RpcFixtureOptions = {},
): Promise<RpcFixture> {
  const bugs: RpcFixture["bugs"] = [];
  const server = createRpcServer({ ...options, onBug: (error, context) => void bugs.push({ error, context }) });
  server.add(InferenceService, inferenceHandlers(inference));
  server.add(ModelService, {
    listModels: unexpected,
    getModel: unexpected,
    watchModels: unexpected,
    loadModel: unexpected,
    unloadModel: unexpected,
    pullModel: unexpected,
    deleteModel: unexpected,
    ...models,
  });
  const bound = await server.listen(address);
  const client =
    isInProcess && clientOptions === undefined ? localClient(server) : createTokenwireClient(bound, clientOptions);
  return {
    server,
    address: bound,
    client,
    bugs,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close(0);
    },
  };
}

export function inferenceHandlers(some: Partial<InferenceHandlers>): InferenceHandlers {
  return {
    chat: unexpected,
    complete: unexpected,
    embed: unexpected,
    rerank: unexpected,
    tokenize: unexpected,
    detokenize: unexpected,
    countTokens: unexpected,
    applyTemplate: unexpected,
    describeModel: unexpected,
    listSlots: unexpected,
    changeSlot: unexpected,
    setAdapters: unexpected,
    ...some,
  };
}

/** A chat event with a text. */
export function textEvent(text: string) {
  return { event: { case: "text" as const, value: { text } } };
}

/** Settles when the signal is aborted: with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason), { once: true }));
}

/** What a promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.then(
    (resolved) => ({ resolved }),
    (error: unknown) => ({ error }),
  );
  if ("error" in value) return value.error;
  throw new Error(`expected a rejection, got ${String(value.resolved)}`);
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(stream);
}
