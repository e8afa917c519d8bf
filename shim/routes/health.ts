import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ShimHandler } from "../context.ts";
import { withVllmNames } from "../metrics/vllm-names.ts";
import { errorFacts } from "../dialect/error-facts.ts";
import { stateName } from "../dialect/answer/model-state.ts";
import { callOptions, type RouteDeps } from "./run-endpoint.ts";

/** GET /health: the process answers. */
export function health(): ShimHandler {
  return (ctx) => {
    ctx.body = { status: "ok" };
  };
}

/** A probe waits about a second, and a service that takes longer is not ready. */
const probeTimeoutMs = 1_000;

/**
 * GET /ready: 200 when requests would be answered: the service can be reached, and a model is resident, would be loaded
 * by a request, or none was asked to be resident yet. 503 while all that matter are loading or failed, and while the server drains.
 */
export function ready(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    const answer = deps.lifecycle.draining ? { status: "shutting down" } : await modelReadiness();
    ctx.status = answer.status === "ready" ? 200 : 503;
    ctx.body = answer;

    async function modelReadiness(): Promise<{ status: string; models?: Record<string, string>; error?: string }> {
      try {
        const options = { ...callOptions(ctx, deps), timeoutMs: probeTimeoutMs };
        const { models } = await deps.client.models.listModels({}, options);
        const states = new Set(models.map((model) => model.state));
        const onDemand = models.some((model) => model.ttlSeconds !== undefined && model.state !== ModelState.FAILED);
        const untouched = !states.has(ModelState.LOADING) && !states.has(ModelState.FAILED);
        const ok = states.has(ModelState.RESIDENT) || onDemand || untouched;
        const failed = states.has(ModelState.LOADING) ? "loading" : "failed";
        return {
          status: ok ? "ready" : failed,
          models: Object.fromEntries(models.map((model) => [model.id, stateName(model.state)])),
        };
      } catch (error) {
        return { status: "unreachable", error: errorFacts(error).message };
      }
    }
  };
}

/** GET /metrics: the process's Prometheus metrics, under our names and those that vLLM has for the same. */
export function metrics(deps: RouteDeps): ShimHandler {
  return async (ctx) => {
    ctx.type = deps.registry.contentType;
    ctx.body = withVllmNames(await deps.registry.metrics());
  };
}
