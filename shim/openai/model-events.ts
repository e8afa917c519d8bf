import { type Model, ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { CallOptions } from "../../clients/create-client.ts";
import type { DialectDeps } from "../dialect/deps.ts";
import type { DownloadEvent, Downloads } from "./downloads.ts";
import { stateName } from "../dialect/answer/model-state.ts";

/** An event of `/models/sse` (llama-server). */
export type ModelEvent =
  | DownloadEvent
  | { readonly model: string; readonly event: "model_status"; readonly data: object }
  | { readonly model: string; readonly event: "model_remove" };

/** Events that wait for a slow reader, at most: of models only the last state counts. */
const maxWaiting = 1000;

/** The models as they are, then each change of one and of downloads, until the call's signal ends it. */
export async function* modelEvents(
  { client }: Pick<DialectDeps, "client">,
  downloads: Downloads,
  call: CallOptions,
): AsyncGenerator<ModelEvent, void, void> {
  const waiting: ModelEvent[] = [];
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let wake = () => {};
  const put = (event: ModelEvent) => {
    if (waiting.push(event) > maxWaiting) waiting.shift();
    wake();
  };
  const stop = downloads.onEvent(put);
  const leave = new AbortController();
  const signal = call.signal == null ? leave.signal : AbortSignal.any([call.signal, leave.signal]);
  const told = new Map<string, string>();
  const watch = async () => {
    for await (const { model } of client.models.watchModels({}, { ...call, signal })) {
      if (model === undefined) continue;
      const event = eventOf(model);
      const text = JSON.stringify(event);
      // Counters change with each step, and are not told here.
      if (told.get(model.id) !== text) put(event);
      told.set(model.id, text);
    }
  };
  const watching = watch()
    .catch((error: unknown) => void (failure = { error }))
    .finally(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (failure !== undefined) throw failure.error;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
    leave.abort();
    await watching;
  }
}

function eventOf({ id, state, loadProgress, error }: Model): ModelEvent {
  if (state === ModelState.REMOVED) return { model: id, event: "model_remove" };
  const status = stateName(state);
  const progress = { stages: ["text_model"], current: "text_model", value: Math.round(loadProgress * 100) / 100 };
  const data = { status, ...(status === "loading" && { progress }), ...(error !== "" && { error }) };
  return { model: id, event: "model_status", data };
}
