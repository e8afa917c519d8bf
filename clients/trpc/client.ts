import { createTRPCClient, httpBatchStreamLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import type { AppRouter } from "./router.ts";

export type { AppRouter };
export { toDataUrl } from "../media/data-url.ts";

export interface TrpcClientOptions {
  /** Where the router is mounted: `https://host/trpc`. */
  readonly url: string;
  /** Sent with queries and mutations, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Unset: the global one. Browsers have it; on Node, the package `eventsource`. It is also how headers reach subscriptions. */
  readonly EventSource?: EventSourceClass;
}

/** The browser's class, or one like it: their declarations differ in details that do not matter here. */
type EventSourceClass = new (url: string) => { close(): void; readonly readyState: number };

/**
 * Makes the client for frontends: queries and mutations over one streamed POST, subscriptions over server-sent events.
 * Loads nothing of the server's: the router is a type here.
 *
 * @example
 * for await (const event of await client.chat.mutate({ messages: [{ role: "user", content: "Hello" }] })) …
 */
export function createTrpcClient({ url, headers, EventSource }: TrpcClientOptions): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url,
          ...(EventSource && { EventSource: EventSource as unknown as typeof globalThis.EventSource }),
        }),
        false: httpBatchStreamLink({ url, headers: { ...headers } }),
      }),
    ],
  });
}
