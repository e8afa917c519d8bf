/** Where a model is, as the scheduler was told. */
export type Availability =
  /** Also while its process still ends: a load that is asked for then comes after it. */
  | { readonly state: "unloaded" }
  /** Asked for, or its process ended and comes back by itself. */
  | { readonly state: "loading" }
  | { readonly state: "ready" }
  | { readonly state: "failed"; readonly message: string; readonly retryAtMs: number };

/** What a request for a model means for the model. */
export type Demand = "serve" | "wait" | "load" | "refuse";

/** How a model is used. */
export interface ModelUse {
  readonly availability: Availability;
  /** A request for it waits or runs. */
  readonly busy: boolean;
  /** When its last request ended, or it came into memory; undefined: neither has happened. */
  readonly lastUseMs: number | undefined;
  /** How long it stays without a request; undefined: for ever. */
  readonly ttlMs: number | undefined;
}

/** Decides which models are in memory. A policy with a bound on bytes, where the least recently used goes first, is another one of these. */
export interface ResidencyPolicy {
  demand(model: Availability, nowMs: number): Demand;
  /** When the model is to leave memory if nothing happens before; undefined: it stays. */
  unloadAtMs(use: ModelUse): number | undefined;
}

/**
 * A model that is asked for is loaded and stays: one with a ttl until nobody has used it for so long, the others for
 * ever. A busy model is never unloaded. One that failed to load is tried again on demand, not before its time.
 */
export const keepWhileUsed: ResidencyPolicy = {
  demand(model, nowMs) {
    switch (model.state) {
      case "ready":
        return "serve";
      case "loading":
        return "wait";
      case "unloaded":
        return "load";
      case "failed":
        return nowMs >= model.retryAtMs ? "load" : "refuse";
    }
  },
  unloadAtMs({ availability, busy, lastUseMs, ttlMs }) {
    if (availability.state !== "ready" || busy || lastUseMs === undefined || ttlMs === undefined) return undefined;
    return lastUseMs + ttlMs;
  },
};
