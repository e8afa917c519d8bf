import { Pooling } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";

const poolings: Readonly<Partial<Record<Pooling, string>>> = {
  [Pooling.MEAN]: "mean",
  [Pooling.CLS]: "cls",
  [Pooling.LAST]: "last",
};

/** One line about a model that has just come into memory: what it is, how much it can do at once, and where its layers are. */
export function describeLoad({ id, details }: Model, tookMs: number): string {
  const took = `model "${id}" loaded in ${(tookMs / 1000).toFixed(1)} s`;
  if (details === undefined) return took;
  if (details.layers === 0) return `${took}: ${details.description}, only tokenizes`;
  const { description, slots, contextLength, backend, threads, offloadedLayers, layers, reranks } = details;
  const room =
    slots > 0
      ? `${slots} ${slots === 1 ? "slot" : "slots"} of ${contextLength} tokens`
      : `${reranks ? "ranks documents" : "only embeds"}, up to ${contextLength} tokens each`;
  const vectors = `vectors by ${poolings[details.pooling] ?? "the request's pooling"}`;
  const where = `${backend} with ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${took}: ${description}, ${room}, ${vectors}, ${where}, offloaded ${offloadedLayers}/${layers} layers to GPU`;
}
