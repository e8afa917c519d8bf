import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService, ModelState, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { createHealthRegistry, type HealthRegistry } from "../rpc/standard/health.ts";
import type { ModelSource } from "./model-source.ts";

export interface HealthOptions {
  /** Whether a request for the model would be answered; unset: once it is resident. */
  readonly serves?: (model: Model) => boolean;
}

const servesByItself = ({ state }: Model): boolean => state === ModelState.RESIDENT;

/**
 * Health as models have it: the ModelService always serves; the whole and the InferenceService do while a model is in
 * memory, or would be loaded by a request.
 */
export function createModelHealth(source: ModelSource, { serves = servesByItself }: HealthOptions = {}): HealthRegistry {
  const health = createHealthRegistry();
  const update = () => {
    const serving = source.models().some(serves);
    for (const service of ["", InferenceService.typeName]) health.set(service, serving);
  };
  health.set(ModelService.typeName, true);
  source.onChange((_, what) => {
    if (what !== "stats") update();
  });
  update();
  return health;
}
