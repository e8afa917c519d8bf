import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService, ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { createHealthRegistry, type HealthRegistry } from "../rpc/health.ts";
import type { ModelSource } from "./model-source.ts";

/**
 * Health as models have it: the ModelService always serves; the whole and the InferenceService do while a model is in
 * memory, or would be loaded by a request.
 */
export function createModelHealth(source: ModelSource): HealthRegistry {
  const health = createHealthRegistry();
  const update = () => {
    const serving = source
      .models()
      .some(({ state, ttlSeconds }) => state === ModelState.RESIDENT || (ttlSeconds !== undefined && state !== ModelState.FAILED));
    for (const service of ["", InferenceService.typeName]) health.set(service, serving);
  };
  health.set(ModelService.typeName, true);
  source.onChange((_, what) => {
    if (what !== "stats") update();
  });
  update();
  return health;
}
