import { rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { dirname } from "node:path";
import process from "node:process";
import { pino, type Logger } from "pino";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { startTracing } from "../../clients/tracing/sdk.ts";
import type { ModelSettings } from "../../settings/settings.ts";
import type { Engine } from "../engine/engine.ts";
import type { DeviceFacts, LoadPlan, MemoryEstimate } from "../engine/memory-estimate.ts";
import { fileTime } from "../models/file-time.ts";
import type { GrammarCompiler } from "../engine/grammar/grammar-compiler.ts";
import { createCompiler } from "./compile/compiler.ts";
import { createLoadedModel } from "./loaded-model.ts";
import { ModelHost } from "./model-host.ts";
import { createWorkerServer } from "./server.ts";
import type {
  WorkerEstimate,
  WorkerInterrupt,
  WorkerFault,
  WorkerGpuRoom,
  WorkerGpus,
  WorkerListening,
  WorkerProceed,
  WorkerStart,
} from "../protocol/worker-messages.ts";

export interface EngineOptions {
  /** Unset: grammars are compiled where they are asked for. */
  readonly compiler?: GrammarCompiler;
  /** 0 to 1. */
  readonly onProgress: (progress: number) => void;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
  /** Says what the model will take; resolves when there is room. Unset: nobody wants to know. */
  readonly askForRoom?: (estimate: MemoryEstimate) => Promise<LoadPlan>;
  /** Says which GPUs there are; resolves to what the model may take of each. Unset: nobody knows more than the engine. */
  readonly askForGpuRoom?: (gpus: readonly DeviceFacts[]) => Promise<Readonly<Record<string, number>>>;
}

/** Loads a model; throws an error whose message says why it cannot. */
export type CreateEngine = (settings: ModelSettings, options: EngineOptions) => Promise<Engine>;

/**
 * A worker's whole life in this process, which the front has forked: serve at once, load the model, answer until
 * SIGTERM, then finish what runs. Resolves to the exit code; to be followed by `process.exit`, since native threads keep
 * a process alive.
 *
 * The front's end is ours: when the IPC channel breaks, nobody is left to answer to.
 */
export async function runWorker(createEngine: CreateEngine): Promise<number> {
  // Ctrl+C reaches every process of the terminal's group. The front hears it too, and decides.
  process.on("SIGINT", () => {});
  const terminated = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
  const { settings, socketPath, graceMs, tracing, logLevel, logKey, asks } = await receiveStart();
  process.once("disconnect", () => dieWithFront(socketPath));
  // Synchronous, so that the last lines before a crash are told.
  const log = pino({ level: logLevel, base: { logKey } }, pino.destination({ fd: 2, sync: true }));

  const trace = await startTracing({ ...tracing, onWarning: (message) => log.warn(message) });
  const host = new ModelHost(settings.model_alias, fileTime(settings.model));
  process.on("message", (message: FrontMessage) => {
    if (message.type === "interrupt") host.interrupts.onInterrupt(message);
  });
  const server = createWorkerServer(host, log);
  await server.listen(`unix:${socketPath}`);
  process.send?.({ type: "listening" } satisfies WorkerListening);

  void load(host, settings, createEngine, {
    log,
    ...(asks !== undefined && { askForRoom, askForGpuRoom }),
    only: asks === "only",
  });
  await terminated;
  await server.close(graceMs);
  // The process's end frees what the engine holds, and faster than the engine would.
  await trace.shutdown();
  return 0;
}

/** What comes after the start. */
type FrontMessage = WorkerInterrupt | WorkerProceed | WorkerGpuRoom;

interface LoadOptions extends Pick<EngineOptions, "askForRoom" | "askForGpuRoom"> {
  readonly log: Logger;
  /** The model is not wanted, only what it takes. */
  readonly only: boolean;
}

async function load(
  host: ModelHost,
  settings: ModelSettings,
  createEngine: CreateEngine,
  { log, only, ...room }: LoadOptions,
): Promise<void> {
  try {
    const compiler = createCompiler();
    const engine = await createEngine(settings, {
      ...room,
      compiler,
      onProgress: (progress) => host.onProgress(progress),
      log: (level, message) => log[level](message),
    });
    const model = createLoadedModel(settings, engine, { compiler });
    const { warning } = model.prompter;
    if (warning !== undefined && engine.info.generates) log[warning.level](warning.text);
    host.onLoaded(model);
    // Else it is written at the end, which one that is killed does not have.
    flushCompileCache();
  } catch (error) {
    // Only an RpcError is written for the operator; anything else is a bug, and its stack says more than its message.
    if (!(error instanceof RpcError)) log.error({ err: error }, "internal error during the load (a bug)");
    const message = error instanceof Error ? error.message : String(error);
    host.onFailed(error instanceof RpcError ? error.reason : ErrorReason.MODEL_LOAD_FAILED, message);
    if (only) process.send?.({ type: "fault", message } satisfies WorkerFault);
  }
}

async function askForRoom(estimate: MemoryEstimate): Promise<LoadPlan> {
  return ask<WorkerProceed>({ type: "estimate", estimate } satisfies WorkerEstimate, "proceed");
}

async function askForGpuRoom(gpus: readonly DeviceFacts[]): Promise<WorkerGpuRoom["room"]> {
  const { room } = await ask<WorkerGpuRoom>({ type: "gpus", gpus } satisfies WorkerGpus, "gpuRoom");
  return room;
}

/** The front's answer to a question, which has the type `answer`. */
function ask<T extends FrontMessage>(question: object, answer: T["type"]): Promise<T> {
  return new Promise((resolve) => {
    const onMessage = (message: FrontMessage) => {
      if (message.type !== answer) return;
      process.off("message", onMessage);
      resolve(message as T);
    };
    process.on("message", onMessage);
    process.send?.(question);
  });
}

function receiveStart(): Promise<WorkerStart> {
  return new Promise((resolve) => process.once("message", (message: WorkerStart) => resolve(message)));
}

/** The front is gone and cannot clean up: the first of its workers to notice removes the directory of their sockets. */
function dieWithFront(socketPath: string): void {
  try {
    rmSync(dirname(socketPath), { recursive: true, force: true });
  } catch {
    // Another worker is at it.
  }
  // Not exit: its handlers wait for native work, which may take as long as a decode.
  process.kill(process.pid, "SIGKILL");
}
