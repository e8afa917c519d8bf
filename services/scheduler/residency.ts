/** Where a model is, as the scheduler was told. */
export type Availability =
  | { readonly state: "unloaded" }
  /** Asked for, or its process ended and comes back by itself. */
  | { readonly state: "loading" }
  | { readonly state: "ready" }
  | { readonly state: "failed"; readonly message: string; readonly retryAtMs: number };

/** What a request for a model means for the model. */
export type Demand = "serve" | "wait" | "load" | "refuse";

/** Decides which models are in memory. Another policy (a bound on bytes, least recently used goes first) is another function of this type. */
export type ResidencyPolicy = (model: Availability, nowMs: number) => Demand;

/** Every configured model is loaded once and stays; one that failed to load is tried again on demand, not before its time. */
export const allResident: ResidencyPolicy = (model, nowMs) => {
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
};
