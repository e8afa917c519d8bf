import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { EventSource } from "eventsource";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTrpcClient } from "../../clients/index.ts";
import { createTrpcContext } from "../../clients/trpc/context.ts";
import { appRouter } from "../../clients/trpc/router.ts";
import type { RpcFixture } from "./rpc.ts";

/** The router over HTTP in front of a gRPC fixture, as the shim mounts it, and the client for frontends. */
export async function startTrpc(rpc: RpcFixture, metadata: Readonly<Record<string, string>> = {}) {
  const errors: unknown[] = [];
  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    void nodeHTTPRequestHandler({
      router: appRouter,
      req: request,
      res: response,
      path: pathname.slice(1),
      createContext: async () => createTrpcContext(rpc.client, metadata),
      onError: ({ error }) => void errors.push(error.cause ?? error),
    });
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url,
    /** What the log of the shim would get. */
    errors,
    client: createTrpcClient({ url, EventSource: EventSource as unknown as typeof globalThis.EventSource }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
}
