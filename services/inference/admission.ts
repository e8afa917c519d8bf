import type { SchedulerCounts } from "../scheduler/scheduled-model.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect, LaneName, Refusal, Ticket, UnloadReason } from "../scheduler/ticket.ts";
import { refusalError } from "./refusal-error.ts";

export interface AdmissionRequest {
  readonly model: string;
  readonly lane: LaneName;
  /** One per choice. */
  readonly places: number;
  /** On the clock of `Date.now()`; undefined: none. */
  readonly deadline: number | undefined;
}

/** The places that a request holds while it runs. */
export interface Lease extends Disposable {
  /**
   * The worker was lost before the caller saw anything of an answer: waits, ahead of everyone, for places again.
   * Rejects as `admit` does.
   */
  again(signal: AbortSignal): Promise<void>;
  /** The work has stopped: gives the places to the next. */
  [Symbol.dispose](): void;
}

/** Carries out what the scheduler wants of models. */
export interface ModelKeeper {
  /** Starts the process of a model. */
  load(model: string): void;
  /** There is room for it, with so many slots (undefined: as many as it thinks fit), and so much is left beside it. */
  proceed(model: string, plan: { readonly slots: number | undefined; readonly spare: DeviceBytes }): void;
  /** There is none: its load has failed. */
  reject(model: string, why: Error): void;
  /** Its process is to end. */
  unload(
    model: string,
    how: { readonly reason: UnloadReason; readonly force: boolean; readonly by?: string | undefined },
  ): void;
  /** A request was refused. */
  refused?(why: Refusal): void;
}

/** A longer delay, of 24 days, overflows. */
const longestTimerMs = 0x7fffffff;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The scheduler's shell: gives it the time, turns its effects into settled promises, and keeps its timers.
 * Everything happens in the turn of the event, so that a full queue is refused before any work.
 */
export class Admission {
  readonly #scheduler: Scheduler;
  readonly #keeper: ModelKeeper;
  readonly #waiters = new Map<number, Waiter>();
  /** Told, after each event, the model whose counts may have changed. */
  onCounts: (model: string) => void = () => {};
  /** Told after each event: where models are to be may have changed. */
  onSettled: () => void = () => {};
  #lastId = 0;
  #checkTimer: NodeJS.Timeout | undefined;
  #checkAtMs: number | undefined;

  constructor(scheduler: Scheduler, keeper: ModelKeeper) {
    this.#scheduler = scheduler;
    this.#keeper = keeper;
  }

  /**
   * Waits for the request's turn. Rejects with an RpcError that says why it is refused, or with the signal's reason when
   * its caller leaves first. The lease must be disposed of.
   */
  async admit(request: AdmissionRequest, signal: AbortSignal): Promise<Lease> {
    const { deadline, ...rest } = request;
    const now = performance.now();
    const deadlineMs = deadline === undefined ? undefined : now + deadline - Date.now();
    const ticket: Ticket = { ...rest, id: ++this.#lastId, deadlineMs };
    await this.#turn(ticket, signal, () => this.#scheduler.onRequest(ticket, now));
    return {
      again: (signal) => this.#turn(ticket, signal, () => this.#scheduler.onLost(ticket.id, performance.now())),
      [Symbol.dispose]: () => {
        this.apply(this.#scheduler.onFinished(ticket.id, performance.now()));
        this.onCounts(ticket.model);
      },
    };
  }

  /** Carries out what the scheduler has decided: for those who tell it about models. */
  apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "grant":
          this.#waiters.get(effect.id)?.resolve();
          break;
        case "refuse":
          this.#keeper.refused?.(effect.refusal);
          this.#waiters.get(effect.id)?.reject(refusalError(effect.refusal));
          break;
        case "load":
          this.#keeper.load(effect.model);
          break;
        case "proceed":
          this.#keeper.proceed(effect.model, effect);
          break;
        case "reject":
          this.#keeper.reject(effect.model, refusalError(effect.refusal));
          break;
        case "unload":
          this.#keeper.unload(effect.model, { reason: effect.reason, force: effect.force ?? false, by: effect.by });
      }
    }
    this.#planCheck();
    this.onSettled();
  }

  counts(model: string): SchedulerCounts {
    return this.#scheduler.counts(model);
  }

  async #turn(ticket: Ticket, signal: AbortSignal, event: () => readonly Effect[]): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.apply(this.#scheduler.onCancel(ticket.id, performance.now()));
      reject(signal.reason);
    };
    this.#waiters.set(ticket.id, { resolve, reject });
    signal.addEventListener("abort", leave, { once: true });
    const timer = this.#deadlineTimer(ticket);
    try {
      this.apply(event());
      this.onCounts(ticket.model);
      // Between a grant and this turn the caller may have left; the grant came first, so the work starts and ends at once.
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      this.#waiters.delete(ticket.id);
      this.onCounts(ticket.model);
    }
  }

  #deadlineTimer({ id, deadlineMs }: Ticket): NodeJS.Timeout | undefined {
    if (deadlineMs === undefined) return undefined;
    const expire = () => this.apply(this.#scheduler.onDeadline(id, performance.now()));
    // The call's own deadline still ends it when this comes too early.
    return setTimeout(expire, Math.min(deadlineMs - performance.now(), longestTimerMs));
  }

  #planCheck(): void {
    const atMs = this.#scheduler.nextCheckMs();
    if (atMs === this.#checkAtMs) return;
    clearTimeout(this.#checkTimer);
    this.#checkAtMs = atMs;
    if (atMs === undefined) return;
    const check = () => {
      this.#checkAtMs = undefined;
      this.apply(this.#scheduler.onCheck(performance.now()));
    };
    this.#checkTimer = setTimeout(check, Math.min(Math.ceil(atMs - performance.now()), longestTimerMs));
  }
}
