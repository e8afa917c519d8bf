import { Pooling } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Model, ModelDetails } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { describeBytes, formatBytes } from "../models/format-bytes.ts";

const poolings: Readonly<Partial<Record<Pooling, string>>> = {
  [Pooling.MEAN]: "mean pooling",
  [Pooling.CLS]: "CLS pooling",
  [Pooling.LAST]: "last-token pooling",
};

export interface LoadFacts {
  /** From the start of the process on. */
  readonly tookMs: number;
  /** From when there was room for it. */
  readonly readMs: number;
  /** What it takes now, by device; undefined: nobody measured. */
  readonly measured?: Readonly<Record<string, number>> | undefined;
}

/** One line about a model that has just come into memory: what it is, what it takes, how much it can do at once, and where its layers are. */
export function describeLoad({ id, details }: Model, facts: LoadFacts): string {
  const took = `model "${id}" loaded in ${(facts.tookMs / 1000).toFixed(1)} s${describeCost(details, facts)}`;
  if (details === undefined) return took;
  if (details.layers === 0) return `${took}: ${details.description}, only tokenizes`;
  const { description, slots, contextLength, backend, threads, reranks } = details;
  const room =
    slots > 0
      ? `${slots} ${slots === 1 ? "slot" : "slots"} of ${contextLength} tokens`
      : `${reranks ? "ranks documents" : "only embeds"}, up to ${contextLength} tokens each`;
  const vectors = poolings[details.pooling] ?? "pooling as requested";
  const where = `${backend} with ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${took}: ${description}, ${room}, ${vectors}, ${where}, ${describeOffload(details)}`;
}

/** Where a model's layers are: `offloaded 33/33 layers to GPU`, as llama.cpp says it, or `on the CPU` where there is no GPU. */
export function describeOffload({ devices, offloadedLayers, layers }: ModelDetails): string {
  return devices.length === 0 ? "on the CPU" : `offloaded ${offloadedLayers}/${layers} layers to GPU`;
}

/** ` (1.2 GB at 900 MB/s, takes 1.3 GB of RAM)` */
function describeCost(details: ModelDetails | undefined, { readMs, measured = {} }: LoadFacts): string {
  const size = Number(details?.sizeBytes ?? 0);
  const speed = size > 0 && readMs > 0 ? `${formatBytes(size)} at ${formatBytes(size / (readMs / 1000))}/s` : "";
  const held = describeBytes(measured);
  const parts = [speed, held === "" ? "" : `takes ${held}`].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
