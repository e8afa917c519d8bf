import { create, toBinary } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import { type EventSchema, RelayedEvent } from "./relayed-event.ts";

export interface Loading<Desc extends EventSchema> {
  readonly model: string;
  /** Of the stream's events. */
  readonly schema: Desc;
  /** 0 to 1; undefined: nobody is to be told anything now, as the model is in memory. */
  readonly progress: () => number | undefined;
}

/** Between two messages about one load: who waits wants to see that something happens. */
const everyMs = 1000;

/**
 * Waits for `turn`, and tells meanwhile how the model's load goes: at once, then every second. Returns what `turn`
 * resolves to, or throws what it rejects with. Leaving the iteration calls `leave`, by which `turn` must end.
 */
export async function* tellLoading<T, Desc extends EventSchema>(
  turn: Promise<T>,
  leave: () => void,
  { model, schema, progress }: Loading<Desc>,
): AsyncGenerator<RelayedEvent<Desc>, T, void> {
  const arrivedMs = performance.now();
  const settled = new AbortController();
  const end = () => settled.abort();
  turn.then(end, end);
  try {
    // A place that is free is given within this turn of the event loop.
    await Promise.race([turn.catch(() => undefined), new Promise((resolve) => setImmediate(resolve))]);
    while (!settled.signal.aborted) {
      const done = progress();
      if (done !== undefined) {
        const value = { model, progress: done, elapsedMs: performance.now() - arrivedMs };
        const event = create<EventSchema>(schema, { event: { case: "loading", value } });
        yield new RelayedEvent(schema, toBinary<EventSchema>(schema, event));
      }
      await sleep(everyMs, undefined, { signal: settled.signal }).catch(() => undefined);
    }
  } finally {
    if (!settled.signal.aborted) leave();
  }
  return await turn;
}
