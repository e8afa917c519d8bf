import { Worker } from "node:worker_threads";
import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { GrammarError } from "../../engine/grammar/gbnf/grammar-error.ts";
import type { ChatPrompterOptions } from "../../engine/text/chat-prompt.ts";
import type { CompileReply, CompileResults, CompileSetup, CompileTask } from "./compile-task.ts";

export interface CompileThreadOptions {
  /** The thread's CPU time for one task; for a prompt it is less. */
  readonly budgetMs?: number;
  /** How often it is looked at. */
  readonly lookMs?: number;
  readonly maxWaiting?: number;
}

interface Job {
  readonly task: CompileTask;
  readonly resolve: (result: CompileResults[keyof CompileResults]) => void;
  readonly reject: (error: unknown) => void;
}

/** The largest grammars and schemas that are served take half of it. */
const defaultBudgetMs = 5_000;
/** One that takes a good part of it is refused anyhow. */
const promptBudgetMs = 1_000;
const maxHeapMb = 512;
/** When many wait for the thread: a task mostly takes milliseconds. */
const retryAfterMs = 1_000;

/**
 * One thread that compiles what requests bring, begun with the first task and begun again when it dies. A task that takes
 * more than its budget is refused, and the thread with it; the tasks behind it go on in a new one.
 */
export class CompileThread {
  readonly #budgetMs: number;
  readonly #lookMs: number;
  readonly #maxWaiting: number;
  readonly #waiting: Job[] = [];
  #running: Job | undefined;
  #thread: Worker | undefined;
  #ready: Promise<void> | undefined;
  #prompter: ChatPrompterOptions | undefined;

  constructor({ budgetMs = defaultBudgetMs, lookMs = 250, maxWaiting = 256 }: CompileThreadOptions = {}) {
    this.#budgetMs = budgetMs;
    this.#lookMs = lookMs;
    this.#maxWaiting = maxWaiting;
  }

  /** How prompts are made, for the chats to come. */
  set prompter(options: ChatPrompterOptions) {
    this.#prompter = options;
    this.#thread?.postMessage({ type: "prompter", options } satisfies CompileSetup);
  }

  /**
   * Runs a task after those that wait. Aborting `signal` takes it out of the line, or ends it. Throws what the task
   * throws; INVALID_PARAMETER when it takes too long, OVERLOADED when too many wait.
   */
  async run<T extends CompileTask["type"]>(
    task: Extract<CompileTask, { type: T }>,
    signal: AbortSignal,
  ): Promise<CompileResults[T]> {
    signal.throwIfAborted();
    if (this.#waiting.length >= this.#maxWaiting)
      throw new RpcError(ErrorReason.OVERLOADED, "too many schemas wait to be compiled", { retryAfterMs });
    const { promise, resolve, reject } = Promise.withResolvers<CompileResults[keyof CompileResults]>();
    const job: Job = { task, resolve, reject };
    const abort = (): void => {
      this.#leave(job);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(job);
    this.#next();
    try {
      return (await promise) as CompileResults[T];
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the thread, and with it what runs or waits. */
  async close(): Promise<void> {
    const closing = new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded", { retryAfterMs });
    for (const job of this.#waiting.splice(0)) job.reject(closing);
    this.#running?.reject(closing);
    this.#running = undefined;
    await this.#end();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    const thread = (this.#thread ??= this.#begin());
    thread.ref();
    thread.postMessage(job.task);
    // Its start is nobody's time.
    void this.#ready?.then(() => this.#watch(job, thread));
  }

  /** Its time is the thread's own: on a busy machine a task may take long without being large. */
  async #watch(job: Job, thread: Worker): Promise<void> {
    const usedMs = async (): Promise<number> => {
      const { user, system } = await thread.cpuUsage();
      return (user + system) / 1000;
    };
    const budgetMs = job.task.type === "prompt" ? Math.min(promptBudgetMs, this.#budgetMs) : this.#budgetMs;
    try {
      const before = await usedMs();
      while (this.#running === job) {
        await new Promise((resolve) => setTimeout(resolve, this.#lookMs).unref());
        if (this.#running !== job || (await usedMs()) - before < budgetMs) continue;
        this.#settle(job, () => job.reject(tooLarge(job.task, `takes more than ${budgetMs / 1000} s`)));
      }
    } catch {
      // The thread is gone, and its end has told the job.
    }
  }

  #leave(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (this.#running === job) this.#settle(job, () => {});
  }

  /** Gives up what runs, with the thread that cannot be told to stop. */
  #settle(job: Job, tell: () => void): void {
    if (this.#running !== job) return;
    this.#running = undefined;
    tell();
    void this.#end();
    this.#next();
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #begin(): Worker {
    const entry = import.meta.url.endsWith(".ts") ? "./compile-main.ts" : "./compile-main.js";
    const thread = new Worker(new URL(entry, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ready = promise;
    if (this.#prompter !== undefined)
      thread.postMessage({ type: "prompter", options: this.#prompter } satisfies CompileSetup);
    thread.on("message", (reply: CompileReply) => {
      if (this.#thread !== thread) return;
      if (reply.type === "ready") resolve();
      else this.#finish(reply);
    });
    const lose = (error?: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      const job = this.#running;
      this.#running = undefined;
      const isMemory = (error as { code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY";
      job?.reject(isMemory ? tooLarge(job.task, "takes too much memory") : error);
      this.#next();
    };
    thread.on("error", lose);
    thread.on("exit", () => lose(new Error("the thread that compiles has ended")));
    return thread;
  }

  #finish(reply: Exclude<CompileReply, { type: "ready" }>): void {
    const job = this.#running;
    if (job === undefined) return;
    this.#running = undefined;
    // It keeps no process alive that has nothing else to do.
    this.#thread?.unref();
    if (reply.type === "done") job.resolve(reply.result);
    else job.reject(errorOf(reply));
    this.#next();
  }
}

function errorOf(reply: Exclude<CompileReply, { type: "done" | "ready" }>): Error {
  switch (reply.type) {
    case "grammar refused":
      return new GrammarError(reply.message);
    case "refused":
      return new RpcError(reply.reason, reply.message, reply.param === undefined ? {} : { param: reply.param });
    case "failed":
      return new Error(reply.message);
  }
}

function tooLarge({ type }: CompileTask, what: string): Error {
  if (type === "prompt") return invalidParameter("chat_template", `to write this prompt the chat template ${what}`);
  if (type === "grammar") return new GrammarError(`it is too large: to compile it ${what}`);
  return invalidParameter("response_format", `the schemas of this request are too large: to compile them ${what}`);
}
