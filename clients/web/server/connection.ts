import { computed, signal } from "@preact/signals";
import { EventSource, type FetchLike } from "eventsource";
import { createTrpcClient } from "../../trpc/client.ts";
import { readText, store } from "../app/stored.ts";

/** Whether the server answers: `locked` means that it wants a key, or another one. */
export type ConnectionState = "connecting" | "online" | "locked" | "offline";

export const connectionState = signal<ConnectionState>("connecting");

const key = signal(readText("key") ?? "");

export const hasKey = computed(() => key.value !== "");

/** Uses a key from now on, and remembers it in this browser; an empty one is forgotten. */
export function useKey(text: string): void {
  key.value = text;
  store("key", text);
}

/** Whether a text can be sent as a key at all: header values are printable ASCII. */
export function isSendableKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** The typed client of this server's tRPC router, which is beside the page. */
export const trpc = computed(() => {
  const headers = key.value === "" ? {} : { authorization: `Bearer ${key.value}` };
  return createTrpcClient({
    url: new URL("trpc", document.baseURI).href,
    headers,
    EventSource: eventSourceWith(headers),
  });
});

/** The browser's own EventSource sends no headers; this one is built on fetch. */
function eventSourceWith(headers: Readonly<Record<string, string>>) {
  const fetchWithHeaders: FetchLike = (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } });
  return class extends EventSource {
    constructor(url: string | URL) {
      super(url, { fetch: fetchWithHeaders });
    }
  };
}
