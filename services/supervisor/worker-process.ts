import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Logger } from "pino";
import { readEnvironment, type Environment } from "../../config/config.ts";
import type { DeviceFacts, MemoryEstimate } from "../engine/memory-estimate.ts";
import type {
  WorkerEstimate,
  WorkerFault,
  WorkerGpuRoom,
  WorkerGpus,
  WorkerInterrupt,
  WorkerListening,
  WorkerProceed,
  WorkerStart,
} from "../protocol/worker-messages.ts";
import { relayOutput } from "./worker-output.ts";

const workerEnvironment = {
  // Decoding, loading, tokenizing and files each need a thread of libuv's pool at the same time; more only cost memory.
  UV_THREADPOOL_SIZE: "4",
  // A native assertion ends the worker within milliseconds instead of after seconds of a debugger being looked for.
  GGML_NO_BACKTRACE: "1",
  // glibc gives each thread a heap of its own, with room that nobody uses.
  MALLOC_ARENA_MAX: "2",
};
/** Halves the time until a worker serves, and saves 25 MB of it: its code need not be compiled again; as bin/tokenwire.mjs has it. */
const compileCache = { NODE_COMPILE_CACHE: join(homedir(), ".cache", "tokenwire", "compile") };
/** Node's default for short-lived objects is three times 16 MB, which a worker fills with its start alone. */
const workerFlags = ["--max-semi-space-size=2"];

/** Native code that reads files of strangers has no use for the server's keys. */
function withoutKeys(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(grpc_)?api_key$/i.test(name)));
}

type WorkerMessage = WorkerListening | WorkerEstimate | WorkerFault | WorkerGpus;

/** A running worker, from its birth to its end. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves when its socket answers; never if it ends before. */
  readonly listening: Promise<void>;
  /** What its model will take, when it has said so and waits to be told to proceed; never if it does not ask. */
  readonly estimated: Promise<MemoryEstimate>;
  /** The GPUs that it sees, when it asks what its model may take of them; never if it does not ask. */
  readonly looked: Promise<readonly DeviceFacts[]>;
  /** Why it cannot say so, where it was only asked that. */
  readonly failed: Promise<string>;
  /** How it ended, in words that follow "its process": `was killed by SIGABRT`. Never rejects. */
  readonly exited: Promise<string>;
  /** Ends some of its generations early. */
  interrupt(which: WorkerInterrupt): void;
  /** What its model may take of the GPUs. */
  giveGpus(room: WorkerGpuRoom["room"]): void;
  /** There is room for its model. */
  proceed(plan: Omit<WorkerProceed, "type">): void;
  /** Asks it to finish what runs and to end. */
  terminate(): void;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Starts a process from the worker's entry `entry` and hands it its settings. Its output goes to `log`. Where none can be
 * started (no memory, no files left), that is how it ended.
 */
export function forkWorker(entry: URL, start: Omit<WorkerStart, "logKey">, log: Logger): WorkerProcess {
  try {
    return watchChild(forkChild(entry), start, log);
  } catch (error) {
    return neverStarted(error instanceof Error ? error.message : String(error));
  }
}

/** Throws, or leaves a child that has no pid, where the system has no room for a process. */
function forkChild(entry: URL): ChildProcess {
  const child = fork(entry, {
    // Nothing of our own flags: under a debugger or a test runner they would be a second debugger or test runner.
    execArgv: workerFlags,
    // In a group of its own: signals to ours (Ctrl+C, npm, timeout) are the front's to hear, which lets answers finish.
    detached: process.platform !== "win32",
    env: { ...compileCache, ...withoutKeys(readEnvironment()), ...workerEnvironment },
    // Standard output of native code is of no use and may hold text of prompts.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "json",
  });
  // Told by its event, too, which must have a listener.
  child.on("error", () => {});
  return child;
}

function neverStarted(why: string): WorkerProcess {
  const never = new Promise<never>(() => {});
  return {
    pid: undefined,
    listening: never,
    estimated: never,
    looked: never,
    failed: never,
    exited: Promise.resolve(`could not be started (${why})`),
    interrupt() {},
    giveGpus() {},
    proceed() {},
    terminate() {},
    kill() {},
  };
}

function watchChild(child: ChildProcess, start: Omit<WorkerStart, "logKey">, log: Logger): WorkerProcess {
  const logKey = randomUUID();
  // Without a file left there is neither a process nor any of its pipes.
  if (child.stderr) relayOutput(child.stderr, log, logKey);
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      // A process that was killed leaves its socket behind.
      rmSync(start.socketPath, { force: true });
      resolve(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`);
    });
    // The process could not be started at all, or not be signalled; only the former has no "exit".
    child.once("error", (error) => child.pid === undefined && resolve(`could not be started (${error.message})`));
  });
  const listening = new Promise<void>((resolve) => {
    child.on("message", (message: WorkerMessage) => void (message.type === "listening" && resolve()));
  });
  const estimated = new Promise<MemoryEstimate>((resolve) => {
    child.on("message", (message: WorkerMessage) => {
      if (message.type === "estimate") resolve(message.estimate);
    });
  });
  const looked = new Promise<readonly DeviceFacts[]>((resolve) => {
    child.on("message", (message: WorkerMessage) => void (message.type === "gpus" && resolve(message.gpus)));
  });
  const failed = new Promise<string>((resolve) => {
    child.on("message", (message: WorkerMessage) => void (message.type === "fault" && resolve(message.message)));
  });
  // One that is ending has nothing left to hear.
  const tell = (message: WorkerInterrupt | WorkerProceed | WorkerGpuRoom) =>
    void (child.connected && child.send(message, () => {}));
  // A worker that ends before it has read this is noticed by its exit; the failed send needs no second report.
  if (child.connected) child.send({ ...start, logKey } satisfies WorkerStart, () => {});
  return {
    pid: child.pid,
    listening,
    estimated,
    looked,
    failed,
    exited,
    interrupt: tell,
    giveGpus: (room) => tell({ type: "gpuRoom", room }),
    proceed: (plan) => tell({ type: "proceed", ...plan }),
    terminate: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
  };
}
