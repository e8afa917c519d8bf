import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { WorkerState } from "./worker-state.ts";

/** What has become of a model. */
export type WorkerChange =
  /** A process was started and loads it. `again`: in the place of one that had ended unasked. */
  | { readonly type: "loading"; readonly again: boolean }
  | { readonly type: "ready"; readonly tookMs: number }
  /** Its process ended and is started again by itself. */
  | { readonly type: "restarting" }
  | { readonly type: "failed"; readonly message: string; readonly retryAtMs: number }
  /** It is not in memory any more, and no process is left, as it was told. */
  | { readonly type: "unloaded" }
  | { readonly type: "stopped" };

/** What the world is told about a step. */
export interface WorkerNews {
  /** Of the model; unset: what was told before, or what the worker itself says. */
  readonly model?: { readonly state: ModelState; readonly error?: string };
  /** Unset: it concerns nobody. */
  readonly change?: WorkerChange;
}

/** The news of a step that led from the state `before` to `state`, on a process that was started `ageMs` ago. */
export function newsOf(state: WorkerState, before: WorkerState, ageMs: number): WorkerNews {
  switch (state.name) {
    case "failing":
    case "prepared":
      return {};
    case "unloaded":
      return { model: { state: ModelState.UNLOADED }, change: { type: "unloaded" } };
    case "starting": {
      if (before.name === "prepared") return {};
      const again = before.name !== "unloaded" && before.name !== "unloading";
      return { model: { state: ModelState.LOADING }, change: { type: "loading", again } };
    }
    case "ready":
      return { change: { type: "ready", tookMs: ageMs } };
    case "failed": {
      const { message, retryAtMs } = state;
      return { model: { state: ModelState.FAILED, error: message }, change: { type: "failed", message, retryAtMs } };
    }
    case "draining":
      return { model: { state: ModelState.LOADING }, change: { type: "restarting" } };
    case "backoff":
      return { model: { state: ModelState.FAILED, error: state.message }, change: { type: "restarting" } };
    case "unloading":
      return { model: { state: ModelState.UNLOADING } };
    case "stopping":
    case "stopped":
      return { model: { state: ModelState.UNLOADED }, change: { type: "stopped" } };
  }
}
