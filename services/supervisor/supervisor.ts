import type { Logger } from "pino";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings } from "../config.ts";
import { fileTime } from "../models/file-time.ts";
import type { ModelChange, ModelSource } from "../models/model-source.ts";
import type { SentTracingOptions, WorkerInterrupt } from "../worker/worker-start.ts";
import { ModelWorker } from "./model-worker.ts";
import type { SocketDirectory } from "./socket-directory.ts";
import type { WorkerLife } from "./worker-connection.ts";
import type { WorkerChange } from "./worker-news.ts";
import { forkWorker } from "./worker-process.ts";
import { workerLimits, type WorkerLimits } from "./worker-state.ts";

export interface SupervisorOptions {
  /** The configured models, each under its `model_alias`. */
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
}

/** From compiled code the entry is compiled too. */
const defaultEntry = new URL(
  import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js",
  import.meta.url,
);

/** Keeps one worker process per model, loads them one after another, and knows the state of each. */
export class Supervisor implements ModelSource {
  readonly #workers: ReadonlyMap<string, ModelWorker>;
  #loads: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    const { models, sockets, log, tracing, graceMs, workerEntry = defaultEntry, limits, onChange } = options;
    this.#workers = new Map(
      models.map((settings, index) => {
        const id = settings.model_alias;
        const modelLog = log.child({ model: id });
        const fork = (life: number) => {
          const socketPath = sockets.path(index, life);
          const start = { type: "start", settings, socketPath, graceMs, tracing, logLevel: log.level } as const;
          return { process: forkWorker(workerEntry, start, modelLog), socketPath };
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
        return [id, worker];
      }),
    );
  }

  /**
   * Loads a model that is not on its way, after the loads that were asked for before: side by side they would slow each
   * other, and guess wrongly about the memory that is left. Resolves when it is resident or has failed.
   */
  load(id: string): Promise<void> {
    return (this.#loads = this.#loads.then(() => this.#worker(id).load()));
  }

  /** Ends the process of a model that nobody uses. Later loads wait for that, so that they find its memory free. */
  unload(id: string): void {
    const gone = this.#worker(id).unload();
    this.#loads = this.#loads.then(() => gone);
  }

  /** The model's process, while it is resident. */
  life(id: string): WorkerLife | undefined {
    return this.#worker(id).life;
  }

  /** Ends some of the model's generations early, while it is resident. */
  interrupt(id: string, which: WorkerInterrupt): void {
    this.#worker(id).interrupt(which);
  }

  /** The process id of the model's worker, for operators and tests. */
  pid(id: string): number | undefined {
    return this.#worker(id).pid;
  }

  models(): readonly Model[] {
    return [...this.#workers.values()].map((worker) => worker.model);
  }

  onChange(listener: (id: string, what: ModelChange) => void): () => void {
    const stops = [...this.#workers.values()].map((worker) => worker.onModel(() => listener(worker.id, "any")));
    return () => stops.forEach((stop) => stop());
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
