import { ErrorReason } from "../../clients/errors.ts";
import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { WorkerState } from "./worker-state.ts";

/** What has become of a model. */
export type WorkerChange =
  /** A process was started and loads it. `again`: in the place of one that had ended unasked. */
  | { readonly type: "loading"; readonly again: boolean }
  | { readonly type: "ready"; readonly tookMs: number }
  /** Its process ended and is started again by itself. */
  | { readonly type: "restarting" }
  | { readonly type: "failed"; readonly message: string; readonly memory: boolean; readonly retryAtMs: number }
  /** It is not in memory any more, and no process is left, as it was told. */
  | { readonly type: "unloaded" }
  | { readonly type: "stopped" };

/** What the world is told about a step. */
export interface WorkerNews {
  /** Of the model; unset: what was told before, or what the worker itself says. */
  readonly model?: { readonly state: ModelState; readonly error?: string; readonly errorReason?: ErrorReason };
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
      const { message, memory = false, retryAtMs } = state;
      const errorReason = memory ? ErrorReason.INSUFFICIENT_MEMORY : ErrorReason.MODEL_LOAD_FAILED;
      const model = { state: ModelState.FAILED, error: message, errorReason };
      return { model, change: { type: "failed", message, memory, retryAtMs } };
    }
    case "draining":
      return { model: { state: ModelState.LOADING }, change: { type: "restarting" } };
    case "backoff":
      return {
        model: { state: ModelState.FAILED, error: state.message, errorReason: ErrorReason.WORKER_LOST },
        change: { type: "restarting" },
      };
    case "unloading":
      return { model: { state: ModelState.UNLOADING } };
    case "stopping":
    case "stopped":
      return { model: { state: ModelState.UNLOADED }, change: { type: "stopped" } };
  }
}
