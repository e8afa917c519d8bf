import { z } from "zod";
import { ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";

/** llama-server's words for a model's state, which user interfaces read. */
export const modelStateNameSchema = z.enum(["unloaded", "loading", "loaded", "failed"]);

export type ModelStateName = z.infer<typeof modelStateNameSchema>;

export function stateName(state: ModelState): ModelStateName {
  switch (state) {
    case ModelState.LOADING:
      return "loading";
    case ModelState.RESIDENT:
      return "loaded";
    case ModelState.FAILED:
      return "failed";
    default:
      return "unloaded";
  }
}
