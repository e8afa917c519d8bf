import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { Admission } from "../inference/admission.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import type { ModelSource } from "./model-source.ts";
import { watchModels } from "./watch-models.ts";

export interface LoadModelTarget {
  readonly admission: Admission;
  readonly source: ModelSource;
  /** Throws MODEL_NOT_FOUND. */
  readonly model: (id: string) => Model;
}

/**
 * Loads a model as a request for it would, and yields it as it is, after each change, and when it is resident. Ends with
 * the error that a request would get. Leaving the iteration, or aborting the call's signal, gives the load up.
 */
export async function* loadModel(
  { admission, source, model }: LoadModelTarget,
  id: string,
  { signal, deadline }: Pick<CallContext, "signal" | "deadline">,
): AsyncGenerator<Model, void, void> {
  model(id);
  const left = new AbortController();
  const done = new AbortController();
  const loaded = admission
    .admit({ model: id, lane: "auxiliary", places: 1, deadline }, AbortSignal.any([signal, left.signal]))
    .then((lease) => lease[Symbol.dispose]())
    .finally(() => done.abort());
  // Who does not read to the end does not hear of it.
  loaded.catch(() => undefined);
  try {
    for await (const change of watchModels(source, AbortSignal.any([signal, done.signal])))
      if (change.id === id) yield change;
  } catch (error) {
    if (!done.signal.aborted) throw error;
  } finally {
    left.abort();
  }
  await loaded;
  yield model(id);
}
