import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { ErrorReason } from "../../clients/errors.ts";
import { ModelSchema, ModelState, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { DeviceFacts, LoadPlan, MemoryEstimate } from "../engine/memory-estimate.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { WorkerInterrupt } from "../protocol/worker-messages.ts";
import { isHung } from "./is-hung.ts";
import { connectWorker, type WorkerConnection, type WorkerLife } from "./worker-connection.ts";
import { newsOf, type WorkerChange, type WorkerNews } from "./worker-news.ts";
import type { WorkerProcess } from "./worker-process.ts";
import {
  nextWorkerState,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerLimits,
  type WorkerState,
} from "./worker-state.ts";

export interface ModelWorkerOptions {
  readonly id: string;
  /** Seconds since 1970 of the model file's last change. */
  readonly created: bigint;
  /** Told with the model; whose it is to unload it in time is another's. */
  readonly ttlSeconds: number | undefined;
  /** Starts the `life`-th process, which serves on `socketPath`. */
  readonly fork: (life: number) => { readonly process: WorkerProcess; readonly socketPath: string };
  readonly limits: WorkerLimits;
  readonly log: Logger;
}

interface Life {
  /** On the clock of `performance.now()`. */
  readonly startedMs: number;
  readonly process: WorkerProcess;
  connection: WorkerConnection | undefined;
  hung: boolean;
}

const reapMs = 150;
/** Of the questions whether a worker is there. */
const probeMisses = 2;

/**
 * Keeps one model's worker process: carries out what worker-state.ts decides. The state changes in `#handle` alone, and
 * whatever belongs to a process that is not the present one is dropped there.
 */
export class ModelWorker {
  readonly id: string;
  readonly #options: ModelWorkerOptions;
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<() => void>();
  #state: WorkerState = { name: "unloaded" };
  #life: Life | undefined;
  #lives = 0;
  #timer: NodeJS.Timeout | undefined;
  #model: Model;
  /** Called after each change of state, with times on the clock of `performance.now()`. */
  onChange: (change: WorkerChange) => void = () => {};
  /** What the model may take of each GPU that its process sees. */
  gpuRoom: (gpus: readonly DeviceFacts[]) => DeviceBytes = () => ({});
  /** Called when its process has said what the model takes, and waits for `proceed`. */
  onEstimate: (estimate: MemoryEstimate) => void = () => {};

  constructor(options: ModelWorkerOptions) {
    this.id = options.id;
    this.#options = options;
    const { id, created, ttlSeconds } = options;
    this.#model = create(ModelSchema, { id, created, ttlSeconds, state: ModelState.UNLOADED });
  }

  /** What the worker last said about its model, corrected by what we know of its process. */
  get model(): Model {
    return this.#model;
  }

  /** The process to call, while the model is resident. */
  get life(): WorkerLife | undefined {
    return this.#state.name === "ready" ? this.#life?.connection : undefined;
  }

  get pid(): number | undefined {
    return this.#life?.process.pid;
  }

  /** Ends some of its generations early, while it is resident. */
  interrupt(which: WorkerInterrupt): void {
    if (this.#state.name === "ready") this.#life?.process.interrupt(which);
  }

  /**
   * Somebody wants the model: it is loaded, unless it is, or its last failure was too short ago. Resolves when it is
   * resident, or will not be without another demand or the end of a pause.
   */
  load(): Promise<void> {
    this.#handle({ type: "demand", nowMs: performance.now() });
    return this.#until(
      (state) => state !== "starting" && state !== "prepared" && state !== "failing" && state !== "unloading",
    );
  }

  /** There is room for the model: its process loads it, if it waits for that. */
  proceed(plan: LoadPlan): void {
    if (this.#state.name !== "prepared") return;
    this.#life?.process.proceed(plan);
    this.#handle({ type: "proceed" });
  }

  /** There is no room for the model, which is not resident: its load has failed. `message` says why. */
  reject(message: string): void {
    if (this.#state.name !== "ready") this.#handle({ type: "loadFailed", message, memory: true });
  }

  /** Ends the model's process, at once with `force`. Resolves when that is gone; a load may come before. */
  unload({ force }: { readonly force: boolean }): Promise<void> {
    this.#handle({ type: "unload", force });
    return this.#until((state) => state !== "unloading");
  }

  /** Lets running calls end within the grace of the limits, then ends the process. Resolves when it is gone. */
  stop(): Promise<void> {
    this.#handle({ type: "stop" });
    return this.#until((state) => state === "stopped");
  }

  /** Calls `listener` whenever `model` has changed. */
  onModel(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #until(reached: (state: WorkerState["name"]) => boolean): Promise<void> {
    if (reached(this.#state.name)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = () => {
        if (!reached(this.#state.name)) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }

  #handle(event: WorkerEvent): void {
    const before = this.#state;
    const { state, effects } = nextWorkerState(before, event, this.#options.limits);
    this.#state = state;
    if (state.name !== before.name) clearTimeout(this.#timer);
    for (const effect of effects) this.#carryOut(effect);
    if (state.name === before.name) return;
    this.#announce(state, before);
    for (const waiter of this.#waiters) waiter();
  }

  #carryOut(effect: WorkerEffect): void {
    switch (effect.type) {
      case "spawn":
        return this.#spawn();
      case "terminate":
        return this.#life?.process.terminate();
      case "kill":
        return this.#life?.process.kill();
      case "timer": {
        clearTimeout(this.#timer);
        // Up to a fifth more, so that models that fell together do not come back together.
        const ms = this.#state.name === "backoff" ? effect.ms * (1 + Math.random() / 5) : effect.ms;
        this.#timer = setTimeout(() => this.#handle({ type: "timer" }), ms);
      }
    }
  }

  #spawn(): void {
    this.#lives += 1;
    const { process, socketPath } = this.#options.fork(this.#lives);
    const life: Life = { startedMs: performance.now(), process, connection: undefined, hung: false };
    this.#life = life;
    void process.listening.then(() => this.#watch(life, socketPath));
    void process.estimated.then((estimate) => {
      if (this.#life !== life || this.#state.name !== "starting") return;
      this.#handle({ type: "prepared" });
      this.onEstimate(estimate);
    });
    void process.looked.then((gpus) => process.giveGpus(this.gpuRoom(gpus)));
    void process.exited.then((how) => this.#onExit(life, how));
  }

  async #watch(life: Life, socketPath: string): Promise<void> {
    if (this.#life !== life) return;
    const connection = connectWorker(this.id, socketPath);
    life.connection = connection;
    try {
      for await (const model of connection.watch())
        if (this.#life === life) this.#onModelMessage(model, life, connection);
      if (this.#life === life) this.#handle({ type: "closing" });
    } catch (error) {
      // A connection breaks some milliseconds before its process is reaped.
      const gone = await Promise.race([life.process.exited, sleep(reapMs, undefined, { ref: false })]);
      if (gone !== undefined) return;
      this.#options.log.error({ err: error }, "the worker has stopped answering and is being killed");
      life.process.kill();
    }
  }

  /** Ends a process that is there but does not answer, which nothing else would notice for long. */
  async #probe(life: Life, connection: WorkerConnection): Promise<void> {
    const { probeEveryMs, probeTimeoutMs } = this.#options.limits;
    const ask = () => connection.answers(probeTimeoutMs);
    life.hung = await isHung(ask, { everyMs: probeEveryMs, misses: probeMisses, signal: connection.lost });
    if (!life.hung) return;
    this.#options.log.error(
      `the worker has not answered for ${(probeMisses * probeTimeoutMs) / 1000} s and is being killed`,
    );
    life.process.kill();
  }

  #onModelMessage(model: Model, life: Life, connection: WorkerConnection): void {
    // While it stops or fails, our own word counts.
    if (!["starting", "prepared", "ready"].includes(this.#state.name)) return;
    model.ttlSeconds = this.#options.ttlSeconds;
    this.#setModel(model);
    if (this.#state.name === "ready") return;
    if (model.state === ModelState.RESIDENT) {
      this.#handle({ type: "ready" });
      void this.#probe(life, connection);
    } else if (model.state === ModelState.FAILED) {
      const memory = model.errorReason === ErrorReason.INSUFFICIENT_MEMORY;
      this.#handle({ type: "loadFailed", message: model.error, memory });
    } else this.#handle({ type: "progress" });
  }

  #onExit(life: Life, how: string): void {
    const told = life.hung ? `did not answer any more and ${how}` : how;
    const asked = ["stopping", "draining", "failing", "unloading"].includes(this.#state.name);
    life.connection?.end(told, { asked });
    this.#options.log[asked ? "debug" : "error"](`the worker ${told}`);
    this.#life = undefined;
    const used = life.connection?.used ?? false;
    this.#handle({ type: "exited", how: told, used, nowMs: performance.now() });
  }

  /** Tells the world about a new state. */
  #announce(state: WorkerState, before: WorkerState): void {
    const { model, change } = newsOf(state, before, performance.now() - (this.#life?.startedMs ?? 0));
    if (model !== undefined) this.#setModel(this.#describe(model));
    if (change !== undefined) this.onChange(change);
  }

  /** What is known of the model stays known without a process. */
  #describe(fields: NonNullable<WorkerNews["model"]>): Model {
    const { id, created, ttlSeconds } = this.#options;
    const { details } = this.#model;
    return create(ModelSchema, { id, created, ttlSeconds, ...(details && { details }), ...fields });
  }

  #setModel(model: Model): void {
    this.#model = model;
    for (const listener of this.#listeners) listener();
  }
}
