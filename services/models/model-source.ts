import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";

/** Models whose state changes: a worker's one, or all that are configured. */
export interface ModelSource {
  /** As they are now, in the order of the configuration. The messages are not changed afterwards. */
  models(): readonly Model[];
  /** Calls `listener` with a model's id when anything about the model has changed; returns how to stop. */
  onChange(listener: (id: string, what: ModelChange) => void): () => void;
}

/** `stats`: nothing but its counters, which every decode step changes. */
export type ModelChange = "any" | "stats";
