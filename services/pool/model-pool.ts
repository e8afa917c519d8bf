import { create } from "@bufbuild/protobuf";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import {
  ModelOrigin,
  ModelState,
  RequestCountsSchema,
  type Device,
  type Model,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings, ServiceSettings } from "../../settings/settings.ts";
import type { MemoryEstimate } from "../engine/memory-estimate.ts";
import { Admission } from "../inference/admission.ts";
import { DeviceMemory } from "../memory/device-memory.ts";
import { describeBytes } from "../memory/format-bytes.ts";
import { parseMemoryLimit } from "../memory/memory-limit.ts";
import { anonymousBytes, readRam, type RamFacts } from "../memory/ram.ts";
import { ModelMetrics } from "../metrics/model-metrics.ts";
import type { ModelChange, ModelSource } from "../models/model-source.ts";
import { loadModel } from "../models/load-model.ts";
import { modelNotFound } from "../protocol/refusals.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import type { SchedulerModel } from "../scheduler/scheduled-model.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect, UnloadReason } from "../scheduler/ticket.ts";
import { describeLoad } from "../supervisor/describe-load.ts";
import type { SocketDirectory } from "../supervisor/socket-directory.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import type { WorkerChange } from "../supervisor/worker-news.ts";
import type { WorkerLimits } from "../supervisor/worker-state.ts";
import type { SentTracingOptions, WorkerInterrupt } from "../protocol/worker-messages.ts";
import { deviceToProto, measuredBytes, memoryToProto } from "./memory-to-proto.ts";
import { needFromEstimate } from "./need-from-estimate.ts";

/** A model that is served. */
export interface ServedModel {
  readonly settings: ModelSettings;
  readonly origin: ModelOrigin;
}

export interface ModelPoolOptions {
  /** In the order of the configuration: the first is the default. */
  readonly models: readonly ServedModel[];
  readonly service: ServiceSettings;
  readonly log: Logger;
  /** For the workers. */
  readonly tracing: SentTracingOptions;
  /** Where the workers serve; stays the caller's to remove, after `stop`. */
  readonly sockets: SocketDirectory;
  /** For tests: another program than worker/main, shorter times, another machine. */
  readonly workerEntry?: URL;
  readonly limits?: Partial<WorkerLimits>;
  readonly readRam?: () => RamFacts;
}

/** How the load of a model at the start ended. */
export interface LoadResult {
  readonly model: Model;
  /** Unset: it is resident, or its first request will load it. */
  readonly error?: string;
}

/** A process says within about a second what a model that is there will take. */
const slowEstimateMs = 5_000;
/** Embedding, tokenizing and counting at once, per model: enough to fill the engine's batches, few enough to bound its memory. */
const auxiliaryPlaces = 16;
/** A change of what a model takes is counted from this share on. */
const notedGrowth = 0.01;
/** Queues are bounded per model; all of them together may hold as much as four full ones. */
const fullQueues = 4;

/**
 * The models that are served: decides through the scheduler who runs where and which of them are in memory, and has the
 * supervisor carry it out. What it says of a model is the worker's word, corrected by what only the front knows.
 */
export class ModelPool implements ModelSource {
  readonly admission: Admission;
  readonly #options: ModelPoolOptions;
  readonly #settings: Map<string, ModelSettings>;
  readonly #origins: Map<string, ModelOrigin>;
  /** What is to become of models that are leaving memory for it; undefined: they are to be no more. */
  readonly #changes = new Map<string, ServedModel | undefined>();
  readonly #scheduler: Scheduler;
  readonly #supervisor: Supervisor;
  readonly #memory: DeviceMemory;
  readonly #metrics: Map<string, ModelMetrics>;
  readonly #estimates = new Map<string, MemoryEstimate>();
  /** Why each left last, and what it held. */
  readonly #partings = new Map<string, { readonly reason: UnloadReason; readonly held: DeviceBytes }>();
  /** When each was last told that there is room for it. */
  readonly #proceededMs = new Map<string, number>();
  readonly #listeners = new Set<(id: string, what: ModelChange) => void>();
  #stopped = false;
  /** What was last told of those that are to come at the start, or to leave. */
  readonly #intents = new Map<string, string>();

  constructor(options: ModelPoolOptions) {
    const { service, log, limits, workerEntry } = options;
    const models = options.models.map(({ settings }) => settings);
    this.#options = options;
    this.#settings = new Map(models.map((settings) => [settings.model_alias, settings]));
    this.#origins = new Map(options.models.map(({ settings, origin }) => [settings.model_alias, origin]));
    this.#scheduler = new Scheduler({
      models: models.map((settings) => this.#scheduled(settings)),
      maxQueue: service.max_queue * fullQueues,
      auxiliaryPlaces,
      turn: { ms: service.switch_after_seconds * 1000, requests: service.switch_after_requests },
    });
    this.#memory = new DeviceMemory({
      limit: service.memory_limit === undefined ? undefined : parseMemoryLimit(service.memory_limit),
      readRam: options.readRam ?? readRam,
    });
    this.#metrics = new Map([...this.#settings.keys()].map((id) => [id, new ModelMetrics(id)]));
    this.#supervisor = new Supervisor({
      models,
      sockets: options.sockets,
      log,
      tracing: options.tracing,
      graceMs: service.grace_seconds * 1000,
      ...(workerEntry && { workerEntry }),
      ...(limits && { limits }),
      onChange: (id, change) => this.#onWorkerChange(id, change),
      onEstimate: (id, estimate) => this.#onEstimate(id, estimate),
    });
    this.admission = new Admission(this.#scheduler, {
      load: (id) => this.#supervisor.load(id),
      proceed: (id, { slots, spare }) => {
        this.#proceededMs.set(id, performance.now());
        this.#supervisor.proceed(id, { slots, spareRamBytes: spare["RAM"] });
      },
      reject: (id, why) => this.#supervisor.reject(id, why.message),
      unload: (id, { reason, force }) => this.#unload(id, reason, force),
    });
    this.#supervisor.onChange((id, what) => this.#changed(id, what));
    this.admission.onSettled = () => this.#tellIntents();
    this.admission.onCounts = (id) => this.#onCounts(id);
  }

  /** Loads what is to be in memory from the start on, as far as it fits: all but those that leave when nobody uses them. */
  start(): void {
    this.#readCapacity();
    const ids = this.ids.filter((id) => this.#staysLoaded(id));
    this.#apply(this.#scheduler.onStart(ids, performance.now()));
    // One that downloads its model first must not hold up the others.
    setTimeout(() => {
      for (const id of ids) this.#apply(this.#scheduler.onSlowEstimate(id, performance.now()));
    }, slowEstimateMs).unref();
  }

  /** The names of the models that are served, the default one first. */
  get ids(): string[] {
    return [...this.#settings.keys()].filter((id) => !this.#isGoing(id));
  }

  /**
   * From now on these models are served, in this order. New ones are there at once; changed ones take over when those
   * that they replace have finished what runs; the others leave in the same way, and are not found any more from now on.
   */
  serve(models: readonly ServedModel[]): void {
    const target = new Map(models.map((model) => [model.settings.model_alias, model]));
    const gone = [...this.#settings.keys()].filter((id) => !target.has(id));
    for (const id of gone) this.#change(id, undefined);
    for (const [id, model] of target) {
      if (!this.#settings.has(id)) this.#add(model);
      else if (!isDeepStrictEqual(this.#settings.get(id), model.settings)) this.#change(id, model);
      else {
        this.#origins.set(id, model.origin);
        this.#changes.delete(id);
      }
    }
    const order = [...target.keys()];
    const sorted = [...this.#settings].sort(([a], [b]) => rank(order, a) - rank(order, b));
    this.#settings.clear();
    for (const [id, settings] of sorted) this.#settings.set(id, settings);
  }

  /** The model's file; undefined: there is no such model. */
  pathOf(id: string): string | undefined {
    return this.#settings.get(id)?.model;
  }

  /** Whether PullModel has brought it. */
  isPulled(id: string): boolean {
    return this.#origins.get(id) === ModelOrigin.PULLED;
  }

  #add({ settings, origin }: ServedModel): void {
    const id = settings.model_alias;
    this.#settings.set(id, settings);
    this.#origins.set(id, origin);
    this.#metrics.set(id, new ModelMetrics(id));
    this.#supervisor.setModel(settings);
    this.#scheduler.setModel(this.#scheduled(settings));
    this.#changed(id, "any");
    if (this.#staysLoaded(id)) this.#apply(this.#scheduler.onStart([id], performance.now()));
  }

  #change(id: string, to: ServedModel | undefined): void {
    this.#changes.set(id, to);
    if (this.#scheduler.status(id).isUnloaded) return this.#completeChange(id);
    if (!this.#scheduler.status(id).isLeaving) this.#apply(this.#scheduler.onUnload(id, { force: false }, performance.now()));
  }

  /** The model has no process: it can become another, or be no more. */
  #completeChange(id: string): void {
    const to = this.#changes.get(id);
    this.#changes.delete(id);
    this.#estimates.delete(id);
    if (to === undefined) {
      this.#settings.delete(id);
      this.#origins.delete(id);
      this.#metrics.get(id)?.remove();
      this.#metrics.delete(id);
      this.#partings.delete(id);
      this.#proceededMs.delete(id);
      this.#intents.delete(id);
      this.#supervisor.removeModel(id);
      this.#options.log.info({ model: id }, `model "${id}" is not served any more`);
      this.#apply(this.#scheduler.onRemove(id, performance.now()));
      return this.#tell(id, "any");
    }
    this.#settings.set(id, to.settings);
    this.#origins.set(id, to.origin);
    this.#supervisor.setModel(to.settings);
    this.#scheduler.setModel(this.#scheduled(to.settings));
    this.#options.log.info({ model: id }, `model "${id}" has new settings`);
    this.#changed(id, "any");
    if (this.#staysLoaded(id)) this.#apply(this.#scheduler.onStart([id], performance.now()));
  }

  #isGoing(id: string): boolean {
    return this.#changes.has(id) && this.#changes.get(id) === undefined;
  }

  /** Models from folders come with their first request: nobody has said which of them are to be there. */
  #staysLoaded(id: string): boolean {
    return this.#settings.get(id)?.ttl === undefined && this.#origins.get(id) === ModelOrigin.CONFIG;
  }

  #scheduled({ model_alias: id, ttl, pin }: ModelSettings): SchedulerModel {
    const { max_queue: maxQueue } = this.#options.service;
    return { id, maxQueue, ttlMs: ttl === undefined ? undefined : ttl * 1000, pinned: pin };
  }

  /** Resolves when each model that is loaded at the start was, failed to, or has no room, to all in their order. */
  async whenStarted(): Promise<readonly LoadResult[]> {
    await this.#until(() => this.ids.every((id) => !this.#scheduler.status(id).isStarting));
    return this.models().map((model) => {
      if (model.state === ModelState.FAILED) return { model, error: model.error };
      const stopped = this.#stopped && model.state !== ModelState.RESIDENT && model.ttlSeconds === undefined;
      return stopped ? { model, error: "it was stopped before it was loaded" } : { model };
    });
  }

  /** Whether a request for the model would be answered, soon or after a load. While the start loads it is not. */
  serves({ id, state }: Model): boolean {
    if (state === ModelState.LOADING) return this.#scheduler.status(id).isComing;
    return state !== ModelState.FAILED;
  }

  models(): readonly Model[] {
    return [...this.#settings.keys()].flatMap((id) => {
      const model = this.#supervisor.model(id);
      return model === undefined ? [] : [this.#complete(model)];
    });
  }

  model(id: string): Model {
    const model = this.#supervisor.model(id);
    if (model === undefined) throw modelNotFound(id, [...this.#settings.keys()]);
    return this.#complete(model);
  }

  devices(): Device[] {
    const { used } = this.#scheduler.memory();
    return this.#memory.devices(this.#ownUse()).map((device) => deviceToProto(device, used));
  }

  onChange(listener: (id: string, what: ModelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The model's process, while it is resident. */
  life(id: string): WorkerLife | undefined {
    return this.#supervisor.life(id);
  }

  interrupt(id: string, which: WorkerInterrupt): void {
    this.#supervisor.interrupt(id, which);
  }

  pid(id: string): number | undefined {
    return this.#supervisor.pid(id);
  }

  /**
   * Takes a model out of memory when what runs on it has ended, or at once with `force`. Resolves when its process is
   * gone, and rejects with the signal's reason when its caller leaves first, which does not keep the model. Throws
   * MODEL_NOT_FOUND, and INVALID_PARAMETER for a pinned one.
   */
  async unload(
    id: string,
    { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<Model> {
    this.model(id);
    if (this.#settings.get(id)?.pin === true && !force) {
      const message = `model "${id}" is pinned: take the pin from its settings, or unload it with force`;
      throw new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "id" });
    }
    this.#apply(this.#scheduler.onUnload(id, { force }, performance.now()));
    await this.#until(() => !this.#settings.has(id) || !this.#scheduler.status(id).isLeaving, signal);
    return this.model(id);
  }

  /** Resolves when a model that is to be no more has gone. */
  async whenGone(id: string, signal: AbortSignal): Promise<void> {
    await this.#until(() => !this.#settings.has(id), signal);
  }

  load(id: string, context: Pick<CallContext, "signal" | "deadline">): AsyncIterable<Model> {
    return loadModel({ admission: this.admission, source: this, model: (name) => this.model(name) }, id, context);
  }

  /** Nothing is granted or loaded any more; what runs goes on. */
  shutdown(): void {
    this.#stopped = true;
    this.#apply(this.#scheduler.onShutdown());
  }

  /** Ends all workers. Resolves when no process is left. */
  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  #onWorkerChange(id: string, change: WorkerChange): void {
    const now = performance.now();
    switch (change.type) {
      case "loading":
        return this.#metrics.get(id)?.onProcess(change);
      case "ready": {
        const model = this.#supervisor.model(id);
        if (model === undefined) return;
        const measured = measuredBytes(model);
        const readMs = now - (this.#proceededMs.get(id) ?? now);
        const { tookMs } = change;
        this.#options.log.info(
          { model: id, tookMs, readMs, measured },
          describeLoad(model, { tookMs, readMs, measured }),
        );
        this.#metrics.get(id)?.onLoaded(change.tookMs);
        const slots = model.details?.slots ?? 0;
        this.#readCapacity();
        return this.#apply(
          this.#scheduler.onModelReady(id, { slots, loadMs: change.tookMs, ...(measured && { measured }) }, now),
        );
      }
      case "restarting":
        return this.#apply(this.#scheduler.onModelDown(id, { kind: "restarting" }, now));
      case "failed":
        this.#options.log.error({ model: id }, `model "${id}" could not be loaded: ${change.message}`);
        this.#metrics.get(id)?.onLoadFailed();
        return this.#apply(this.#scheduler.onModelDown(id, { kind: "failed", ...change }, now));
      case "unloaded":
        this.#logUnloaded(id);
        this.#readCapacity();
        if (this.#changes.has(id)) this.#completeChange(id);
        return this.#settings.has(id) ? this.#apply(this.#scheduler.onModelGone(id, now)) : undefined;
      case "stopped":
        return;
    }
  }

  #onEstimate(id: string, estimate: MemoryEstimate): void {
    this.#estimates.set(id, estimate);
    this.#memory.see(estimate.gpus, this.#ownUse().gpus);
    this.#readCapacity();
    this.#apply(this.#scheduler.onEstimate(id, needFromEstimate(estimate), performance.now()));
  }

  #unload(id: string, reason: UnloadReason, force: boolean): void {
    const held = this.#scheduler.memoryOf(id).held ?? {};
    this.#partings.set(id, { reason, held });
    this.#metrics.get(id)?.onUnload(reason);
    this.#options.log.debug({ model: id, reason, held }, `model "${id}" leaves memory`);
    this.#supervisor.unload(id, { force });
  }

  #logUnloaded(id: string): void {
    const { reason, held } = this.#partings.get(id) ?? {};
    const bytes = held === undefined ? "" : describeBytes(held);
    const freed = bytes === "" ? "" : ` (${bytes} free again)`;
    this.#options.log.info({ model: id, reason, held }, `model "${id}" unloaded: ${this.#whyUnloaded(id)}${freed}`);
  }

  #whyUnloaded(id: string): string {
    switch (this.#partings.get(id)?.reason) {
      case "room":
        return "another model needs its memory";
      case "asked":
        return "on request";
      case "abandoned":
        return "nobody waits for it any more";
      default:
        return `no request for ${this.#settings.get(id)?.ttl} s`;
    }
  }

  /** What models may take changes with what other programs take. */
  #readCapacity(): void {
    this.#apply(this.#scheduler.onCapacity(this.#memory.capacity(this.#ownUse()), performance.now()));
  }

  #ownUse() {
    const pids = [...this.#settings.keys()].flatMap((id) => this.#supervisor.pid(id) ?? []);
    const ramBytes = pids.reduce((sum, pid) => sum + anonymousBytes(pid), 0);
    return { ramBytes, gpus: this.#scheduler.memory().used };
  }

  #apply(effects: readonly Effect[]): void {
    this.admission.apply(effects);
  }

  #complete(model: Model): Model {
    const { id } = model;
    const { pin = false } = this.#settings.get(id) ?? {};
    const memory = memoryToProto(this.#estimates.get(id), model);
    const state = this.#scheduler.status(id).isLeaving
      ? ModelState.UNLOADING
      : model.state === ModelState.UNLOADED && this.#scheduler.status(id).isStarting
        ? ModelState.LOADING
        : model.state;
    const usedMs = this.#scheduler.status(id).lastUseMs;
    const lastUsed = usedMs === undefined ? 0n : BigInt(Math.floor((performance.timeOrigin + usedMs) / 1000));
    const { running, waiting } = this.admission.counts(id);
    const requests = create(RequestCountsSchema, { running, waiting });
    const origin = this.#origins.get(id) ?? ModelOrigin.CONFIG;
    return { ...model, state, memory, pinned: pin, origin, lastUsed, requests };
  }

  #onCounts(id: string): void {
    this.#metrics.get(id)?.onCounts(this.admission.counts(id));
    for (const listener of this.#listeners) listener(id, "stats");
  }

  /** A process grows when it is used: caches, contexts that are made when they are first needed, its heap. */
  #noteGrowth({ id, state, memory }: Model): void {
    if (state !== ModelState.RESIDENT || memory.length === 0) return;
    const held = this.#scheduler.memoryOf(id).held;
    if (held === undefined) return;
    const measured = Object.fromEntries(memory.map(({ device, measuredBytes }) => [device, Number(measuredBytes)]));
    const grown = Object.entries(measured).some(([device, bytes]) => {
      return Math.abs(bytes - (held[device] ?? 0)) > notedGrowth * bytes;
    });
    if (grown) this.#apply(this.#scheduler.onMeasured(id, measured, performance.now()));
  }

  #tellIntents(): void {
    for (const id of this.#settings.keys()) {
      const intent = `${this.#scheduler.status(id).isStarting} ${this.#scheduler.status(id).isLeaving}`;
      if (this.#intents.get(id) === intent) continue;
      this.#intents.set(id, intent);
      this.#changed(id, "any");
    }
  }

  #changed(id: string, what: ModelChange): void {
    if (!this.#settings.has(id)) return;
    const model = this.model(id);
    this.#noteGrowth(model);
    this.#metrics.get(id)?.onModel(model);
    this.#tell(id, what);
  }

  #tell(id: string, what: ModelChange): void {
    for (const listener of this.#listeners) listener(id, what);
  }

  async #until(reached: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (reached()) return;
    await new Promise<void>((resolve, reject) => {
      const stop = this.onChange(() => {
        if (!reached()) return;
        end();
        resolve();
      });
      const leave = () => {
        end();
        reject(signal?.reason);
      };
      const end = () => {
        stop();
        signal?.removeEventListener("abort", leave);
      };
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}

/** Models that are going come last. */
function rank(order: readonly string[], id: string): number {
  const index = order.indexOf(id);
  return index === -1 ? order.length : index;
}
