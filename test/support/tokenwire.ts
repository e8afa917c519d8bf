import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createTokenwireClient, type TokenwireClient } from "../../clients/index.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

export interface Tokenwire {
  readonly process: ChildProcess;
  /** Where REST and tRPC listen: `http://127.0.0.1:…`. */
  readonly url: string;
  /** Where gRPC listens: `127.0.0.1:…`. */
  readonly grpcAddress: string;
  readonly client: TokenwireClient;
  /** What it has written so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** The value of a metric, summed over its labels. */
  metric(name: string): Promise<number>;
  /** The pids of the worker processes. */
  workers(): Promise<number[]>;
  /** Resolves to the exit code. */
  ended(): Promise<number | null>;
  /** Sends a signal and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the whole product as its users do, on free ports, and resolves when it says that it is ready. */
export async function startTokenwire({ args = [], env = {} }: StartOptions = {}): Promise<Tokenwire> {
  const child = spawn(process.execPath, [main, "--port", "0", "--grpc_port", "0", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // Leader of a group of its own, as a shell starts a job.
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  const ready = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    if (/^Stop: /m.test(stdout)) ready.resolve();
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.once("exit", (code) => ready.reject(new Error(`it ended with ${code}: ${stderr}`)));
  await ready.promise;

  const url = /REST\s+(\S+)\/v1/.exec(stdout)?.[1] ?? "";
  const grpcAddress = /gRPC\s+(\S+)/.exec(stdout)?.[1] ?? "";
  const client = createTokenwireClient(grpcAddress);
  const ended = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  };
  const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended();
  };
  return {
    process: child,
    url,
    grpcAddress,
    client,
    output: () => ({ stdout, stderr }),
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map((match) =>
        Number(match[1]),
      );
      if (values.length === 0) throw new Error(`there is no metric ${name}`);
      return values.reduce((sum, value) => sum + value, 0);
    },
    workers: () => childrenOf(child.pid ?? -1),
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      client.close();
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await stop();
      clearTimeout(timer);
    },
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** Whether a process is there (and no zombie that nobody has waited for yet). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
