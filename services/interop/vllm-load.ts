import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { SchedulerLoadSchema } from "../../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";

/** A model's load as vLLM's routers read it; what is not measured is 0. */
export function loadOf(model: Model | undefined): MessageInitShape<typeof SchedulerLoadSchema> {
  const { stats, details } = model ?? {};
  const [running, waiting] = [stats?.busySlots ?? 0, stats?.waiting ?? 0];
  const [used, cells] = [Number(stats?.kvCellsUsed ?? 0), Number(stats?.kvCells ?? 0)];
  const prompts = Number(stats?.promptTokens ?? 0);
  const slots = details?.slots ?? 0;
  return {
    numRunningReqs: running,
    numWaitingReqs: waiting,
    numTotalReqs: running + waiting,
    numUsedTokens: used,
    maxTotalNumTokens: cells,
    tokenUsage: cells === 0 ? 0 : used / cells,
    cacheHitRate: prompts === 0 ? 0 : Number(stats?.cachedTokens ?? 0) / prompts,
    utilization: slots === 0 ? 0 : running / slots,
    maxRunningRequests: slots,
  };
}
