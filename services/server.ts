import type { Logger } from "pino";
import { Health } from "../proto/gen/grpc/health/v1/health_pb.ts";
import { InferenceService } from "../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService, ModelState, type Model } from "../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings, ServiceSettings } from "./config.ts";
import { Admission } from "./inference/admission.ts";
import type { ForwardTarget } from "./inference/forward.ts";
import { createFrontHandlers } from "./inference/front-handlers.ts";
import { Interrupts } from "./inference/interrupts.ts";
import { ModelMetrics } from "./metrics/model-metrics.ts";
import { createModelHealth } from "./models/model-health.ts";
import { createModelHandlers } from "./models/model-handlers.ts";
import type { ModelSource } from "./models/model-source.ts";
import { startFrontServer, type FrontServer } from "./front-server.ts";
import { healthHandlers } from "./rpc/health.ts";
import { addReflection } from "./rpc/reflection.ts";
import type { ServerTls } from "./rpc/server.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { describeLoad } from "./supervisor/describe-load.ts";
import { createSocketDirectory } from "./supervisor/socket-directory.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import type { WorkerChange } from "./supervisor/worker-news.ts";
import type { WorkerLimits } from "./supervisor/worker-state.ts";
import type { SentTracingOptions } from "./worker/worker-start.ts";

export interface ServicesOptions {
  /** In the order of the configuration: the first is the default. At least one. */
  readonly models: readonly ModelSettings[];
  readonly service: ServiceSettings;
  readonly log: Logger;
  /** For the workers; this process's own tracing is its entry's to start. */
  readonly tracing: SentTracingOptions;
  /** Keys of which callers over the network must send one; unset or empty: everyone may call. */
  readonly apiKeys?: readonly string[];
  /** Unset: no encryption. */
  readonly tls?: ServerTls;
  /** For tests: another program than worker/main, and shorter times. */
  readonly workerEntry?: URL;
  readonly limits?: Partial<WorkerLimits>;
}

/** How the load of a model at the start ended. */
export interface LoadResult {
  readonly model: Model;
  /** Unset: it is resident, or its first request will load it. */
  readonly error?: string;
}

/** The running services. */
export interface Services {
  /** Where gRPC listens, as `host:port`. */
  readonly address: string;
  readonly port: number;
  /** Where this process, and it alone, calls without key and TLS: `unix:/path`. */
  readonly localAddress: string;
  readonly models: ModelSource;
  /** The process id of a model's worker, while it has one. */
  pid(id: string): number | undefined;
  /** Resolves when each model that is loaded at the start was, or failed to, to all models in the order of the configuration. */
  whenReady(): Promise<readonly LoadResult[]>;
  /**
   * Takes no more requests, refuses those that wait, lets running answers go on for `graceMs`, then ends the workers.
   * Resolves when no process and no socket is left; called again: the same promise.
   */
  close(graceMs: number): Promise<void>;
}

/** Embedding, tokenizing and counting at once, per model: enough to fill the engine's batches, few enough to bound its memory. */
const auxiliaryPlaces = 16;
/** Queues are bounded per model; all of them together may hold as much as four full ones. */
const fullQueues = 4;
/** A worker whose calls have ended is gone at once, but for its last spans. */
const workerStopMs = 5000;

/** Starts listening, then loads the models one after another. Throws a clear sentence when it cannot listen. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { models, service, log } = options;
  const ids = models.map((settings) => settings.model_alias);
  const scheduler = new Scheduler({
    models: models.map(({ model_alias: id, ttl }) => {
      return { id, maxQueue: service.max_queue, ttlMs: ttl === undefined ? undefined : ttl * 1000 };
    }),
    maxQueue: service.max_queue * fullQueues,
    auxiliaryPlaces,
  });
  const admission = new Admission(scheduler, {
    load: (id) => void supervisor.load(id),
    unload: (id) => supervisor.unload(id),
  });
  const metrics = new Map(ids.map((id) => [id, new ModelMetrics(id)]));
  const sockets = createSocketDirectory();
  const supervisor: Supervisor = new Supervisor({
    models,
    sockets,
    log,
    tracing: options.tracing,
    graceMs: service.grace_seconds * 1000,
    ...(options.workerEntry && { workerEntry: options.workerEntry }),
    limits: { graceMs: workerStopMs, ...options.limits },
    onChange: (id, change) => onWorkerChange(id, change),
  });

  function onWorkerChange(id: string, change: WorkerChange): void {
    switch (change.type) {
      case "loading":
        metrics.get(id)?.onProcess(change);
        return admission.apply(scheduler.onModelLoading(id));
      case "ready": {
        const model = modelOf(supervisor, id);
        log.info(describeLoad(model, change.tookMs));
        return admission.apply(scheduler.onModelReady(id, { slots: model.details?.slots ?? 0 }, performance.now()));
      }
      case "restarting":
        return admission.apply(scheduler.onModelDown(id, { kind: "restarting" }));
      case "failed":
        log.error({ model: id }, `model "${id}" could not be loaded: ${change.message}`);
        return admission.apply(scheduler.onModelDown(id, { kind: "failed", ...change }));
      case "unloaded":
        return log.info(`model "${id}" unloaded: no request for ${modelOf(supervisor, id).ttlSeconds} s`);
      case "stopped":
        return;
    }
  }

  watchMetrics(metrics, supervisor, admission);
  const stop = async () => {
    await supervisor.stop();
    sockets[Symbol.dispose]();
  };
  const server = await serve(options, { admission, supervisor, localSocket: sockets.front }).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );

  // A model that is not to stay is not to come before its time.
  const loads = models.filter(({ ttl }) => ttl === undefined).map((model) => supervisor.load(model.model_alias));
  let closed: Promise<void> | undefined;
  const close = async (graceMs: number) => {
    admission.apply(scheduler.onShutdown());
    await server.close(graceMs);
    await stop();
  };
  return {
    address: server.address,
    port: Number(server.address.slice(server.address.lastIndexOf(":") + 1)),
    localAddress: server.localAddress,
    models: supervisor,
    pid: (id) => supervisor.pid(id),
    async whenReady() {
      await Promise.all(loads);
      return supervisor.models().map((model) => {
        if (model.state === ModelState.RESIDENT || model.ttlSeconds !== undefined) return { model };
        return { model, error: model.error || "it was stopped before it was loaded" };
      });
    },
    close: (graceMs) => (closed ??= close(graceMs)),
  };
}

interface Parts {
  readonly admission: Admission;
  readonly supervisor: Supervisor;
  readonly localSocket: string;
}

function serve(options: ServicesOptions, { admission, supervisor, localSocket }: Parts): Promise<FrontServer> {
  const { models, service, log, apiKeys = [], tls } = options;
  const target: ForwardTarget = {
    admission,
    life: (id) => supervisor.life(id),
    ...(service.interrupt_requests && { interrupts: new Interrupts((id, which) => supervisor.interrupt(id, which)) }),
  };
  const ids = models.map((settings) => settings.model_alias);
  const inference = createFrontHandlers(target, {
    ids,
    aliases: service.model_aliases,
    unknownModel: service.unknown_model,
  });
  const health = createModelHealth(supervisor);
  return startFrontServer({
    host: service.grpc_host,
    port: service.grpc_port,
    localSocket,
    apiKeys,
    tls,
    onBug: (error, { method, requestId }) => log.error({ err: error, method, requestId }, "a bug ended a call"),
    addServices(server) {
      server.add(InferenceService, inference);
      server.add(ModelService, createModelHandlers(supervisor));
      server.add(Health, healthHandlers(health));
      addReflection(server);
    },
  });
}

function watchMetrics(metrics: ReadonlyMap<string, ModelMetrics>, source: ModelSource, admission: Admission): void {
  source.onChange((id) => metrics.get(id)?.onModel(modelOf(source, id)));
  admission.onCounts = (id) => metrics.get(id)?.onCounts(admission.counts(id));
}

function modelOf(source: ModelSource, id: string): Model {
  const model = source.models().find((model) => model.id === id);
  if (model === undefined) throw new Error(`there is no model "${id}"`);
  return model;
}
