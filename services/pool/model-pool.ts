import { create } from "@bufbuild/protobuf";
import type { SpanContext } from "@opentelemetry/api";
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
import { Admission, type ModelKeeper } from "../inference/admission.ts";
import { refusalError } from "../inference/refusal-error.ts";
import { DeviceMemory } from "../memory/device-memory.ts";
import { parseMemoryLimit } from "../memory/memory-limit.ts";
import { readRam, type RamFacts } from "../memory/ram.ts";
import { showDevices } from "../metrics/device-metrics.ts";
import type { ModelChange, ModelSource } from "../models/model-source.ts";
import { loadModel } from "../models/load-model.ts";
import { modelNotFound, type TakesMedia } from "../protocol/refusals.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import type { SchedulerModel } from "../scheduler/scheduled-model.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect, Refusal } from "../scheduler/ticket.ts";
import type { SocketDirectory } from "../supervisor/socket-directory.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import type { WorkerChange } from "../supervisor/worker-news.ts";
import type { WorkerLimits } from "../supervisor/worker-state.ts";
import type { SentTracingOptions, WorkerInterrupt } from "../protocol/worker-messages.ts";
import { ChangeListeners } from "./change-listeners.ts";
import { LoadJournal } from "./load-journal.ts";
import { MemoryAccounts } from "./memory-accounts.ts";
import { measuredBytes } from "./memory-to-proto.ts";
import { Roster, type ServedModel } from "./roster.ts";

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
/** Queues are bounded per model; all of them together may hold as much as four full ones. */
const fullQueues = 4;

/**
 * The models that are served: decides through the scheduler who runs where and which of them are in memory, and has the
 * supervisor carry it out. What it says of a model is the worker's word, corrected by what only the front knows.
 */
export class ModelPool implements ModelSource {
  readonly admission: Admission;
  readonly #options: ModelPoolOptions;
  readonly #roster: Roster;
  readonly #journal: LoadJournal;
  readonly #scheduler: Scheduler;
  readonly #supervisor: Supervisor;
  readonly #accounts: MemoryAccounts;
  readonly #listeners = new ChangeListeners();
  #stopped = false;
  /** What was last told of those that are to come at the start, or to leave. */
  readonly #intents = new Map<string, string>();

  constructor(options: ModelPoolOptions) {
    const { service, log, limits, workerEntry } = options;
    const models = options.models.map(({ settings }) => settings);
    this.#options = options;
    this.#roster = new Roster(options.models);
    this.#journal = new LoadJournal(log);
    for (const { model_alias: id } of models) this.#journal.add(id);
    this.#scheduler = new Scheduler({
      models: models.map((settings) => this.#scheduled(settings)),
      maxQueue: service.max_queue * fullQueues,
      auxiliaryPlaces,
      turn: { ms: service.switch_after_seconds * 1000, requests: service.switch_after_requests },
    });
    this.#accounts = new MemoryAccounts({
      memory: new DeviceMemory({
        limit: service.memory_limit === undefined ? undefined : parseMemoryLimit(service.memory_limit),
        readRam: options.readRam ?? readRam,
      }),
      scheduler: this.#scheduler,
      pids: () => this.#roster.all.flatMap((id) => this.#supervisor.pid(id) ?? []),
      apply: (effects) => this.#apply(effects),
    });
    this.#supervisor = new Supervisor({
      models,
      sockets: options.sockets,
      log,
      tracing: options.tracing,
      graceMs: service.grace_seconds * 1000,
      ...(workerEntry && { workerEntry }),
      ...(limits && { limits }),
      onChange: (id, change) => this.#onWorkerChange(id, change),
      onEstimate: (id, estimate) => this.#accounts.onEstimate(id, estimate),
      gpuRoom: (id, gpus) => this.#accounts.gpuRoom(id, gpus),
    });
    this.admission = new Admission(this.#scheduler, {
      load: (id) => this.#supervisor.load(id),
      proceed: (id, { slots, spare }) => {
        this.#journal.onProceed(id, performance.now());
        this.#supervisor.proceed(id, { slots, spareRamBytes: spare["RAM"] });
      },
      reject: (id, why) => this.#supervisor.reject(id, why.message),
      unload: (id, how) => this.#unload(id, how),
      refused: (why) => this.#onRefused(why),
    });
    showDevices(() => this.devices());
    this.#supervisor.onChange((id, what) => this.#changed(id, what));
    this.admission.onSettled = () => this.#tellIntents();
    this.admission.onCounts = (id) => this.#onCounts(id);
  }

  /** Loads what is to be in memory from the start on, as far as it fits: all but those that leave when nobody uses them. */
  start(): void {
    this.#accounts.readCapacity();
    const ids = this.ids.filter((id) => this.#roster.staysLoaded(id));
    this.#apply(this.#scheduler.onStart(ids, performance.now()));
    // One that downloads its model first must not hold up the others.
    setTimeout(() => {
      for (const id of ids) this.#apply(this.#scheduler.onSlowEstimate(id, performance.now()));
    }, slowEstimateMs).unref();
  }

  /** The names of the models that are served, the default one first. */
  get ids(): string[] {
    return this.#roster.ids;
  }

  /**
   * From now on these models are served, in this order. New ones are there at once; changed ones take over when those
   * that they replace have finished what runs; the others leave in the same way, and are not found any more from now on.
   */
  serve(models: readonly ServedModel[]): void {
    const target = new Map(models.map((model) => [model.settings.model_alias, model]));
    for (const id of this.#roster.all) if (!target.has(id)) this.#change(id, undefined);
    for (const [id, model] of target) {
      if (!this.#roster.has(id)) this.#add(model);
      else if (this.#roster.isAs(model)) this.#roster.set(model);
      else this.#change(id, model);
    }
    this.#roster.sort([...target.keys()]);
  }

  /** The model's file; undefined: there is no such model. */
  pathOf(id: string): string | undefined {
    return this.#roster.settings(id)?.model;
  }

  /** Undefined: there is no such model. */
  settingsOf(id: string): ModelSettings | undefined {
    return this.#roster.settings(id);
  }

  /** What a model takes beside text; before it was loaded, whatever a projector may. undefined: it has none. */
  takesMedia(id: string): TakesMedia | undefined {
    if (this.#roster.settings(id)?.clip_model_path === undefined) return undefined;
    const details = this.models().find((model) => model.id === id)?.details;
    return details ?? { vision: true, audio: true };
  }

  /** Whether PullModel has brought it. */
  isPulled(id: string): boolean {
    return this.#roster.has(id) && this.#roster.origin(id) === ModelOrigin.PULLED;
  }

  #add(model: ServedModel): void {
    const id = model.settings.model_alias;
    this.#roster.set(model);
    this.#journal.add(id);
    this.#use(model);
  }

  #change(id: string, to: ServedModel | undefined): void {
    this.#roster.plan(id, to);
    if (this.#scheduler.status(id).isUnloaded) return this.#completeChange(id);
    if (!this.#scheduler.status(id).isLeaving)
      this.#apply(this.#scheduler.onUnload(id, { force: false, again: true }, performance.now()));
  }

  /** The model has no process: it can become another, or be no more. */
  #completeChange(id: string): void {
    const to = this.#roster.complete(id);
    this.#accounts.forget(id);
    if (to !== undefined) {
      this.#options.log.info({ model: id }, `model "${id}" has new settings`);
      return this.#use(to);
    }
    this.#journal.remove(id);
    this.#intents.delete(id);
    this.#supervisor.removeModel(id);
    this.#options.log.info({ model: id }, `model "${id}" is not served any more`);
    this.#apply(this.#scheduler.onRemove(id, performance.now()));
    this.#listeners.tell(id, "any");
  }

  /** Its next process is as its settings are now. */
  #use({ settings }: ServedModel): void {
    const id = settings.model_alias;
    this.#supervisor.setModel(settings);
    this.#scheduler.setModel(this.#scheduled(settings));
    this.#changed(id, "any");
    if (this.#roster.staysLoaded(id)) this.#apply(this.#scheduler.onStart([id], performance.now()));
  }

  #scheduled({ model_alias: id, ttl, pin }: ModelSettings): SchedulerModel {
    const { max_queue: maxQueue } = this.#options.service;
    return { id, maxQueue, ttlMs: ttl === undefined ? undefined : ttl * 1000, pinned: pin };
  }

  /** Resolves when each model that is loaded at the start was, failed to, or has no room, to all in their order. */
  async whenStarted(): Promise<readonly LoadResult[]> {
    await this.#listeners.until(() => this.ids.every((id) => !this.#scheduler.status(id).isStarting));
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
    return this.#roster.all.flatMap((id) => {
      const model = this.#supervisor.model(id);
      return model === undefined ? [] : [this.#complete(model)];
    });
  }

  model(id: string): Model {
    const model = this.#supervisor.model(id);
    if (model === undefined) throw modelNotFound(id, this.#roster.all);
    return this.#complete(model);
  }

  devices(): Device[] {
    return this.#accounts.devices();
  }

  onChange(listener: (id: string, what: ModelChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The model's process, while it is resident. */
  life(id: string): WorkerLife | undefined {
    return this.#supervisor.life(id);
  }

  interrupt(id: string, which: WorkerInterrupt): void {
    this.#supervisor.interrupt(id, which);
  }

  /** How far a model's load has come, and 0 while it waits for room; undefined: it is in memory. */
  loadProgress(id: string): number | undefined {
    if (this.#supervisor.life(id) !== undefined) return undefined;
    return this.#supervisor.model(id)?.loadProgress ?? 0;
  }

  /** The span of a model's last load. */
  loadSpan(id: string): SpanContext | undefined {
    return this.#journal.loadSpan(id);
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
    if (this.#roster.settings(id)?.pin === true && !force) {
      const message = `model "${id}" is pinned: take the pin from its settings, or unload it with force`;
      throw new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "id" });
    }
    this.#apply(this.#scheduler.onUnload(id, { force }, performance.now()));
    await this.#listeners.until(() => !this.#roster.has(id) || !this.#scheduler.status(id).isLeaving, signal);
    return this.model(id);
  }

  /** Resolves when a model that is to be no more has gone. */
  async whenGone(id: string, signal: AbortSignal): Promise<void> {
    await this.#listeners.until(() => !this.#roster.has(id), signal);
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
        this.#journal.onLoading(id);
        return this.#journal.metrics(id)?.onProcess(change);
      case "ready": {
        const model = this.#supervisor.model(id);
        if (model === undefined) return;
        const measured = measuredBytes(model);
        this.#journal.onReady(model, { tookMs: change.tookMs, nowMs: now, ...(measured && { measured }) });
        const slots = model.details?.slots ?? 0;
        this.#accounts.readCapacity();
        return this.#apply(
          this.#scheduler.onModelReady(id, { slots, loadMs: change.tookMs, ...(measured && { measured }) }, now),
        );
      }
      case "restarting":
        return this.#apply(this.#scheduler.onModelDown(id, { kind: "restarting" }, now));
      case "failed":
        this.#journal.onFailed(id, change.message);
        return this.#apply(this.#scheduler.onModelDown(id, { kind: "failed", ...change }, now));
      case "unloaded":
        this.#journal.onUnloaded(id, this.#roster.settings(id)?.ttl);
        this.#accounts.readCapacity();
        if (this.#roster.hasPlan(id)) this.#completeChange(id);
        return this.#roster.has(id) ? this.#apply(this.#scheduler.onModelGone(id, now)) : undefined;
      case "stopped":
        return;
    }
  }

  #unload(id: string, { reason, force, by }: Parameters<ModelKeeper["unload"]>[1]): void {
    const held = this.#scheduler.memoryOf(id).held ?? {};
    this.#journal.onLeaving(id, { reason, held, by });
    this.#supervisor.unload(id, { force });
  }

  #onRefused(refusal: Refusal): void {
    const isMemory = refusal.kind === "no-room" || (refusal.kind === "load-failed" && refusal.memory);
    if (isMemory) this.#journal.onRefused(refusal.model, refusalError(refusal).message);
  }

  #apply(effects: readonly Effect[]): void {
    this.admission.apply(effects);
  }

  #complete(model: Model): Model {
    const { id } = model;
    const { pin = false } = this.#roster.settings(id) ?? {};
    const memory = this.#accounts.memoryOf(model);
    const state = this.#scheduler.status(id).isLeaving
      ? ModelState.UNLOADING
      : model.state === ModelState.UNLOADED && this.#scheduler.status(id).isStarting
        ? ModelState.LOADING
        : model.state;
    const usedMs = this.#scheduler.status(id).lastUseMs;
    const lastUsed = usedMs === undefined ? 0n : BigInt(Math.floor((performance.timeOrigin + usedMs) / 1000));
    const { running, waiting } = this.admission.counts(id);
    const requests = create(RequestCountsSchema, { running, waiting });
    const origin = this.#roster.origin(id);
    return { ...model, state, memory, pinned: pin, origin, lastUsed, requests };
  }

  #onCounts(id: string): void {
    this.#journal.metrics(id)?.onCounts(this.admission.counts(id));
    this.#listeners.tell(id, "stats");
  }

  #tellIntents(): void {
    for (const id of this.#roster.all) {
      const intent = `${this.#scheduler.status(id).isStarting} ${this.#scheduler.status(id).isLeaving}`;
      if (this.#intents.get(id) === intent) continue;
      this.#intents.set(id, intent);
      this.#changed(id, "any");
    }
  }

  #changed(id: string, what: ModelChange): void {
    if (!this.#roster.has(id)) return;
    const model = this.model(id);
    this.#accounts.noteGrowth(model);
    this.#journal.metrics(id)?.onModel(model);
    this.#listeners.tell(id, what);
  }
}
