import type { Logger } from "pino";
import type { TokenwireClient } from "../clients/tokenwire-client.ts";
import { Health } from "../proto/gen/grpc/health/v1/health_pb.ts";
import { packageVersion } from "../config/config.ts";
import { GRPCInferenceService } from "../proto/gen/inference/grpc_inference_service_pb.ts";
import { InferenceService } from "../proto/gen/tokenwire/v1/inference_pb.ts";
import { type Model, ModelService } from "../proto/gen/tokenwire/v1/models_pb.ts";
import { VllmEngine } from "../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";
import { Catalog, type CatalogConfig } from "./catalog/catalog.ts";
import { createModelControl } from "./catalog/model-control.ts";
import type { ModelSettings, ServiceSettings } from "../settings/settings.ts";
import { isLoopback } from "./models/is-loopback.ts";
import type { ForwardTarget } from "./inference/forward.ts";
import { createFrontHandlers } from "./inference/front-handlers.ts";
import { Interrupts } from "./inference/interrupts.ts";
import { Quarantine } from "./inference/quarantine.ts";
import { createKserveHandlers } from "./interop/kserve.ts";
import { createVllmEngineHandlers } from "./interop/vllm-engine.ts";
import { mediaLimits } from "./media/media-limits.ts";
import { createWebpDecoder } from "./media/webp/webp-decoder.ts";
import type { RamFacts } from "./memory/ram.ts";
import { createModelHealth } from "./models/model-health.ts";
import { modelNotFound } from "./protocol/refusals.ts";
import { createModelHandlers, mayNotManage, withoutPermission } from "./models/model-handlers.ts";
import type { ModelSource } from "./models/model-source.ts";
import { startFrontServer, type FrontServer } from "./front-server.ts";
import { type LoadResult, ModelPool } from "./pool/model-pool.ts";
import { healthHandlers } from "./rpc/standard/health.ts";
import { addReflection } from "./rpc/standard/reflection.ts";
import type { ServerTls } from "./rpc/server.ts";
import { ModelDescriber } from "./supervisor/model-describer.ts";
import { createSocketDirectory } from "./supervisor/socket-directory.ts";
import type { WorkerLimits } from "./supervisor/worker-state.ts";
import type { SentTracingOptions } from "./protocol/worker-messages.ts";

export interface ServicesOptions {
  /** In the order of the configuration: the first is the default. */
  readonly models: readonly ModelSettings[];
  /** What models of `models_dir` have beside their file. */
  readonly folderModel?: Readonly<Record<string, unknown>>;
  /** Whether those whom this process lets call it without a key may load, unload, pull and delete models. */
  readonly localMayManage?: boolean;
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
  /** For tests: another machine. */
  readonly readRam?: () => RamFacts;
}

/** The running services. */
export interface Services {
  /** Where gRPC listens, as `host:port`. */
  readonly address: string;
  readonly port: number;
  /** For this process, and it alone: without socket, key and TLS. */
  readonly client: TokenwireClient;
  readonly models: ModelSource;
  /** The configuration was read again: its models are served from now on, those of the folder too. */
  configure(config: CatalogConfig): void;
  /** The process id of a model's worker, while it has one. */
  pid(id: string): number | undefined;
  /** Resolves when each model that is loaded at the start was, or failed to, to all models in the order of the configuration. */
  whenReady(): Promise<readonly LoadResult[]>;
  /**
   * Takes no more calls from the network, lets those that are there go on for `graceMs`, and resolves when none is left.
   * No model is loaded any more. Calls of this process are still served. Called again: the same promise.
   */
  drain(graceMs: number): Promise<void>;
  /**
   * Drains, then takes no more calls of this process either, and ends the workers. Resolves when no process and no socket
   * is left; called again: the same promise.
   */
  close(graceMs: number): Promise<void>;
}

/** A worker whose calls have ended is gone at once, but for its last spans. */
const workerStopMs = 5000;

/** Starts listening, then loads the models. Throws a clear sentence when it cannot listen. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { models, service, log, tracing, workerEntry, limits, readRam } = options;
  const sockets = await createSocketDirectory();
  const { folderModel = {} } = options;
  const catalog = new Catalog({ models, folderModel, folder: service.models_dir, log });
  const pool = new ModelPool({
    models: catalog.models(),
    service,
    log,
    tracing,
    sockets,
    limits: { graceMs: workerStopMs, ...limits },
    ...(workerEntry && { workerEntry }),
    ...(readRam && { readRam }),
  });
  catalog.attach(pool);
  const describer = new ModelDescriber({ log, sockets, ...(workerEntry && { entry: workerEntry }) });
  const stop = async () => {
    catalog.close();
    await Promise.all([pool.stop(), describer.close()]);
    sockets[Symbol.dispose]();
  };
  const server = await serve(options, { pool, catalog, describer }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  pool.start();

  let drained: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  const drain = (graceMs: number) => {
    pool.shutdown();
    return server.drain(graceMs);
  };
  const close = async (graceMs: number) => {
    drained ??= drain(graceMs);
    await Promise.all([drained, server.close(graceMs)]);
    await stop();
  };
  return {
    address: server.address,
    port: Number(server.address.slice(server.address.lastIndexOf(":") + 1)),
    client: server.client,
    models: pool,
    configure: (config) => catalog.configure(config),
    pid: (id) => pool.pid(id),
    whenReady: () => pool.whenStarted(),
    drain: (graceMs) => (drained ??= drain(graceMs)),
    close: (graceMs) => (closed ??= close(graceMs)),
  };
}

interface Parts {
  readonly pool: ModelPool;
  readonly catalog: Catalog;
  readonly describer: ModelDescriber;
}

function serve(options: ServicesOptions, { pool, catalog, describer }: Parts): Promise<FrontServer> {
  const { service, log, apiKeys = [], tls } = options;
  const target: ForwardTarget = {
    admission: pool.admission,
    life: (id) => pool.life(id),
    loads: { progress: (id) => pool.loadProgress(id), span: (id) => pool.loadSpan(id) },
    quarantine: new Quarantine(),
    ...(service.interrupt_requests && { interrupts: new Interrupts((id, which) => pool.interrupt(id, which)) }),
  };
  const control = createModelControl(pool, catalog);
  const { manage_models: manage } = service;
  const mayManage = {
    open: manage === "auto" ? apiKeys.length > 0 || isLoopback(service.grpc_host) : manage,
    local: manage === "auto" ? (options.localMayManage ?? true) : manage,
  };
  const names = {
    get ids() {
      return pool.ids;
    },
    aliases: service.model_aliases,
    unknownModel: service.unknown_model,
  };
  const inference = createFrontHandlers(target, names, {
    media: { limits: mediaLimits(service), takenBy: (id) => pool.takesMedia(id), webp: createWebpDecoder() },
    async describeFile(id) {
      const settings = pool.settingsOf(id);
      if (settings === undefined) throw modelNotFound(id, pool.ids);
      return describer.describe(settings);
    },
  });
  const serves = (model: Model) => pool.serves(model);
  const health = createModelHealth(pool, { serves });
  const others = { inference, models: pool, serves, version: packageVersion() };
  return startFrontServer({
    host: service.grpc_host,
    port: service.grpc_port,
    apiKeys,
    tls,
    stallTimeoutMs: service.grpc_stall_timeout_seconds * 1000,
    maxRequestBytes: service.grpc_message_bytes,
    onBug: (error, { method, requestId }) =>
      log.error({ err: error, method, requestId }, "internal error in a call (a bug)"),
    addServices(server, way) {
      if (manage === true || mayManage[way]) {
        server.add(InferenceService, inference);
        server.add(ModelService, createModelHandlers(pool, control));
      } else {
        const setAdapters = () => Promise.reject(mayNotManage(manage));
        server.add(InferenceService, { ...inference, setAdapters });
        server.add(ModelService, createModelHandlers(pool, withoutPermission(control, manage)));
      }
      server.add(VllmEngine, createVllmEngineHandlers(others));
      server.add(GRPCInferenceService, createKserveHandlers(others));
      server.add(Health, healthHandlers(health));
      addReflection(server);
    },
  });
}
