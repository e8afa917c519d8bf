import { computed, effect, signal } from "@preact/signals";
import type { PlainDevice, PlainModel } from "../../trpc/from-proto.ts";
import { connectionState, trpc } from "./connection.ts";
import { describeFailure } from "./describe-failure.ts";

const byId = signal<ReadonlyMap<string, PlainModel>>(new Map());

/** The configured models as they are now, the default one first. */
export const models = computed(() => [...byId.value.values()]);

/** Where models can be, as it was when a model last changed its state. */
export const devices = signal<readonly PlainDevice[]>([]);

/** Those that chat: what is not loaded yet might. */
export const chatModels = computed(() => models.value.filter(({ details }) => details?.generates !== false));

const retryMs = 2_000;

/** Keeps `models` and the connection's state true for as long as the page is open; a new key begins anew. */
export function watchModels(): void {
  effect(() => {
    const client = trpc.value;
    const leaving = new AbortController();
    void keepWatching(client, leaving.signal);
    return () => leaving.abort();
  });
}

type Client = (typeof trpc)["value"];

async function keepWatching(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const listed = await client.models.list.query(undefined, { signal });
      if (signal.aborted) return;
      byId.value = new Map(listed.map((model) => [model.id, model]));
      connectionState.value = "online";
      await readDevices(client, signal);
      await watchUntilItEnds(client, signal);
    } catch (error) {
      if (signal.aborted) return;
      const locked = describeFailure(error).kind === "locked";
      connectionState.value = locked ? "locked" : "offline";
      // Only another key helps, and that begins anew.
      if (locked) return;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

async function readDevices(client: Client, signal: AbortSignal): Promise<void> {
  devices.value = await client.models.devices.query(undefined, { signal });
}

/** The client would go on by itself for ever; here an end means to ask again, which says why it ended. */
function watchUntilItEnds(client: Client, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const subscription = client.models.watch.subscribe(undefined, {
    onData(model) {
      const before = byId.value.get(model.id)?.state;
      const next = new Map(byId.value).set(model.id, model);
      if (model.state === "removed") next.delete(model.id);
      byId.value = next;
      // Only what comes and goes changes what devices hold; counters do not.
      if (before !== model.state) readDevices(client, signal).catch(() => ended.resolve());
    },
    onError: () => ended.resolve(),
    onComplete: () => ended.resolve(),
    onConnectionStateChange: ({ error }) => error && ended.resolve(),
  });
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  return ended.promise.finally(() => subscription.unsubscribe());
}
