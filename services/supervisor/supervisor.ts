import type { Logger } from "pino";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings } from "../../settings/settings.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { DeviceFacts, LoadPlan, MemoryEstimate } from "../engine/memory-estimate.ts";
import { fileTime } from "../models/file-time.ts";
import type { ModelChange, ModelSource } from "../models/model-source.ts";
import type { SentTracingOptions, WorkerInterrupt } from "../protocol/worker-messages.ts";
import { ModelWorker } from "./model-worker.ts";
import type { SocketDirectory } from "./socket-directory.ts";
import type { WorkerLife } from "./worker-connection.ts";
import type { WorkerChange } from "./worker-news.ts";
import { workerEntry } from "./worker-entry.ts";
import { forkWorker } from "./worker-process.ts";
import { workerLimits, type WorkerLimits } from "./worker-state.ts";

export interface SupervisorOptions {
  /** The models at the start, each under its `model_alias`. */
  readonly models: readonly ModelSettings[];
  /** Where the workers serve; stays the caller's to remove, after `stop`. */
  readonly sockets: SocketDirectory;
  readonly log: Logger;
  readonly tracing: SentTracingOptions;
  /** How long a worker that gets a SIGTERM, from us or from anyone, lets running calls go on. */
  readonly graceMs: number;
  /** The program of a worker; unset: worker/main. */
  readonly workerEntry?: URL;
  readonly limits?: Partial<WorkerLimits>;
  /** Is told each change of a model's process. */
  readonly onChange: (id: string, change: WorkerChange) => void;
  /** Is told what a model takes, when its process waits to be told to proceed. */
  readonly onEstimate: (id: string, estimate: MemoryEstimate) => void;
  /** What a model may take of each GPU that its process sees. */
  readonly gpuRoom: (id: string, gpus: readonly DeviceFacts[]) => DeviceBytes;
}

/** Keeps one worker process per model, and knows the state of each. */
export class Supervisor implements ModelSource {
  readonly #options: SupervisorOptions;
  readonly #workers = new Map<string, ModelWorker>();
  readonly #listeners = new Set<(id: string, what: ModelChange) => void>();
  /** Of all models so far: no two share a socket. */
  #count = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    for (const settings of options.models) this.setModel(settings);
  }

  /** There is another model, or one without a process has other settings. */
  setModel(settings: ModelSettings): void {
    const {
      sockets,
      log,
      tracing,
      graceMs,
      workerEntry: entry = workerEntry,
      limits,
      onChange,
      onEstimate,
      gpuRoom,
    } = this.#options;
    const id = settings.model_alias;
    const index = this.#count++;
    const modelLog = log.child({ model: id });
    const fork = (life: number) => {
      const socketPath = sockets.path(index, life);
      const start = { type: "start", settings, socketPath, graceMs, tracing, logLevel: log.level, asks: true } as const;
      return { process: forkWorker(entry, start, modelLog), socketPath };
    };
    const worker = new ModelWorker({
      id,
      created: fileTime(settings.model),
      ttlSeconds: settings.ttl,
      fork,
      limits: { ...workerLimits, ...limits },
      log: modelLog,
    });
    worker.onChange = (change) => onChange(id, change);
    worker.gpuRoom = (gpus) => gpuRoom(id, gpus);
    worker.onEstimate = (estimate) => onEstimate(id, estimate);
    worker.onModel(() => this.#listeners.forEach((listener) => listener(id, "any")));
    this.removeModel(id);
    this.#workers.set(id, worker);
  }

  /** A model without a process is gone. What its last one has still to say concerns nobody. */
  removeModel(id: string): void {
    const worker = this.#workers.get(id);
    if (worker !== undefined) worker.onChange = () => {};
    this.#workers.delete(id);
  }

  /** Starts the process of a model that is not on its way; it loads when it is told to proceed. */
  load(id: string): void {
    void this.#worker(id).load();
  }

  /** There is room for the model. */
  proceed(id: string, plan: LoadPlan): void {
    this.#worker(id).proceed(plan);
  }

  /** There is no room for the model: `message` says why. */
  reject(id: string, message: string): void {
    this.#worker(id).reject(message);
  }

  /** Ends the process of a model, at once with `force`. */
  unload(id: string, options: { readonly force: boolean }): void {
    void this.#worker(id).unload(options);
  }

  /** The model's process, while it is resident. */
  life(id: string): WorkerLife | undefined {
    return this.#workers.get(id)?.life;
  }

  /** Ends some of the model's generations early, while it is resident. */
  interrupt(id: string, which: WorkerInterrupt): void {
    this.#workers.get(id)?.interrupt(which);
  }

  /** The process id of the model's worker, for operators and tests. */
  pid(id: string): number | undefined {
    return this.#workers.get(id)?.pid;
  }

  /** undefined: it has no such model. */
  model(id: string): Model | undefined {
    return this.#workers.get(id)?.model;
  }

  models(): readonly Model[] {
    return [...this.#workers.values()].map((worker) => worker.model);
  }

  onChange(listener: (id: string, what: ModelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all workers. Resolves when no process is left. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  #worker(id: string): ModelWorker {
    const worker = this.#workers.get(id);
    if (worker === undefined) throw new Error(`the supervisor does not know the model "${id}"`);
    return worker;
  }
}
