import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";

/** One line about a model that has just come into memory: what it is, how much it can do at once, and where its layers are. */
export function describeLoad({ id, details }: Model, tookMs: number): string {
  const took = `model "${id}" loaded in ${(tookMs / 1000).toFixed(1)} s`;
  if (details === undefined) return took;
  const { description, slots, contextLength, backend, threads, offloadedLayers, layers } = details;
  const room = `${slots} ${slots === 1 ? "slot" : "slots"} of ${contextLength} tokens`;
  const where = `${backend} with ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${took}: ${description}, ${room}, ${where}, offloaded ${offloadedLayers}/${layers} layers to GPU`;
}
