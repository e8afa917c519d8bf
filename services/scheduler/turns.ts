import type { ScheduledModel } from "./scheduled-model.ts";

/** How long a model in use may go on when another one needs its room: until either is reached. */
export interface TurnLimits {
  /** From when the other one began to wait, or from when this one came into memory. */
  readonly ms: number;
  /** Requests granted since then. */
  readonly requests: number;
}

/**
 * An idle model whose last request has just ended may get its next one: it is let go after this share of what loading it
 * again would take, so that two callers in turn do not swap models for each request.
 */
const lingerShare = 0.25;
const maxLingerMs = 1000;

/** When the turn of a model ends for which another one waits since `sinceMs`; a time that has passed: it has ended. */
export function turnEndMs(
  model: ScheduledModel,
  turn: TurnLimits,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
): number {
  model.grantsBeforeContention ??= model.grants;
  if (!model.busy) return (model.lastUseMs ?? 0) + Math.min(turn.ms, maxLingerMs, model.loadMs * lingerShare);
  if (model.grants - model.grantsBeforeContention >= turn.requests) return nowMs;
  return Math.max(sinceMs, model.readySinceMs) + turn.ms;
}
