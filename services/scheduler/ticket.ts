import type { DeviceBytes } from "./device-bytes.ts";

/** Generation takes slots of the engine's batch; everything else is short and is bounded apart, so that it never waits behind a long answer. */
export type LaneName = "generate" | "auxiliary";

/** One admitted-or-not request, as far as deciding about it needs to know. Times are milliseconds of one monotonic clock. */
export interface Ticket {
  /** Unique among all tickets that the scheduler was ever given. */
  readonly id: number;
  /** A known model's id. */
  readonly model: string;
  readonly lane: LaneName;
  /** Places it needs all at once: one per choice. At least 1. */
  readonly places: number;
  /** When its answer is of no use any more. */
  readonly deadlineMs: number | undefined;
}

/** Why a request is not served, in facts: the edge turns them into words. */
export type Refusal =
  | { readonly kind: "shutting-down"; readonly retryAfterMs: number }
  | { readonly kind: "deadline" }
  | { readonly kind: "too-many-choices"; readonly places: number; readonly slots: number }
  /** `memory`: for want of memory. */
  | { readonly kind: "load-failed"; readonly model: string; readonly message: string; readonly memory: boolean }
  /** Somebody unloaded the model while it was being loaded, or with force before the answer had begun. */
  | { readonly kind: "load-cancelled"; readonly model: string; readonly retryAfterMs: number }
  /** It is not served any more. */
  | { readonly kind: "removed"; readonly model: string }
  | { readonly kind: "no-room"; readonly model: string; readonly room: NoRoom }
  | {
      readonly kind: "queue-full";
      readonly scope: "model" | "server";
      readonly waiting: number;
      readonly retryAfterMs: number;
    };

/** Why a model cannot be in memory. */
export interface NoRoom {
  /** What it takes with as few slots as it may have. */
  readonly need: DeviceBytes;
  /** What all models together may take. */
  readonly capacity: DeviceBytes;
  /** What is missing when all have left that may. */
  readonly short: DeviceBytes;
  /** Who holds what there is and may not leave. */
  readonly stay: readonly { readonly model: string; readonly bytes: DeviceBytes }[];
}

/**
 * Why a model leaves memory: nobody used it for its ttl; another one needs the room; somebody said so; nobody waits for
 * its load any more.
 */
export type UnloadReason = "idle" | "room" | "asked" | "abandoned";

/** What the shell must do after an event. Each is about exactly one ticket or one model. */
export type Effect =
  | { readonly type: "grant"; readonly id: number }
  | { readonly type: "refuse"; readonly id: number; readonly refusal: Refusal }
  /** Start the model's process. It says what the model takes, and loads it when it is told to `proceed`. */
  | { readonly type: "load"; readonly model: string }
  /**
   * There is room for the model, with so many slots (undefined: as many as it thinks fit). `spare` is what is left beside
   * it, for caches; a device that it does not name has no bound.
   */
  | {
      readonly type: "proceed";
      readonly model: string;
      readonly slots: number | undefined;
      readonly spare: DeviceBytes;
    }
  /** There will be no room: its process is to end, and the load has failed. */
  | { readonly type: "reject"; readonly model: string; readonly refusal: Refusal }
  /** Nothing runs on the model, or `force`: its process is to end. `onModelGone` tells when it has. */
  | {
      readonly type: "unload";
      readonly model: string;
      readonly reason: UnloadReason;
      readonly force?: boolean;
      /** With `room`: the model that needs it; undefined: there is less memory than there was. */
      readonly by?: string | undefined;
    };
