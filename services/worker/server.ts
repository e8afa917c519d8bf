import type { Logger } from "pino";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.ts";
import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { createModelHealth } from "../models/model-health.ts";
import { createModelHandlers, noControl } from "../models/model-handlers.ts";
import { healthHandlers } from "../rpc/standard/health.ts";
import { createRpcServer, type RpcServer } from "../rpc/server.ts";
import { createInferenceHandlers } from "./handlers/inference-handlers.ts";
import type { ModelHost } from "./model-host.ts";

/** A worker's gRPC server: the services of the front, for one model. To be opened before the model is loaded, so that its progress can be watched. */
export function createWorkerServer(host: ModelHost, log: Logger): RpcServer {
  const server = createRpcServer({
    acknowledges: true,
    maxRequestBytes: Infinity,
    onBug: (error, { method, requestId }) =>
      log.error({ err: error, method, requestId }, "internal error in a call (a bug)"),
  });
  server.add(InferenceService, createInferenceHandlers(host));
  server.add(ModelService, createModelHandlers(host, noControl));
  server.add(Health, healthHandlers(createModelHealth(host)));
  return server;
}
