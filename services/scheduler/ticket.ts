/** Generation takes slots of the engine's batch; everything else is short and is bounded apart, so that it never waits behind a long answer. */
export type LaneName = "generate" | "auxiliary";

/** One admitted-or-not request, as far as deciding about it needs to know. Times are milliseconds of one monotonic clock. */
export interface Ticket {
  /** Unique among all tickets that the scheduler was ever given. */
  readonly id: number;
  /** A configured model's id. */
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
  | { readonly kind: "load-failed"; readonly model: string; readonly message: string }
  | {
      readonly kind: "queue-full";
      readonly scope: "model" | "server";
      readonly waiting: number;
      readonly retryAfterMs: number;
    };

/** What the shell must do after an event. Each is about exactly one ticket or one model. */
export type Effect =
  | { readonly type: "grant"; readonly id: number }
  | { readonly type: "refuse"; readonly id: number; readonly refusal: Refusal }
  | { readonly type: "load"; readonly model: string }
  /** Nobody uses the model: its memory may be freed. A later `load` of it may come before that is done. */
  | { readonly type: "unload"; readonly model: string };
