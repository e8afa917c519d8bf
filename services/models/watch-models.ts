import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type Model, ModelSchema, ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSource } from "./model-source.ts";

/** Between two messages about changes: counters change with every decode step, and nobody reads faster. */
const minIntervalMs = 100;

/**
 * All models, then each that has changed, with its latest state. The first change after a quiet time is told at once,
 * those that follow together after 100 ms. Aborting `signal` ends it: its reason is thrown.
 */
export async function* watchModels(source: ModelSource, signal: AbortSignal): AsyncGenerator<Model, void, void> {
  signal.throwIfAborted();
  const changed = new Set<string>();
  let wake = () => {};
  const unsubscribe = source.onChange((id) => {
    changed.add(id);
    wake();
  });
  const abort = () => wake();
  signal.addEventListener("abort", abort, { once: true });
  try {
    yield* source.models();
    for (;;) {
      // Nothing runs between the check and the wait, so no change and no abort is missed.
      if (changed.size === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      signal.throwIfAborted();
      const ids = new Set(changed);
      changed.clear();
      for (const model of source.models()) if (ids.delete(model.id)) yield model;
      for (const id of ids) yield create(ModelSchema, { id, state: ModelState.REMOVED });
      await sleep(minIntervalMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } finally {
    signal.removeEventListener("abort", abort);
    unsubscribe();
  }
}
