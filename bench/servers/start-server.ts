import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { modelOf } from "./running-server.ts";
import { type Server, type ServerSpec, urlOf } from "./server.ts";

export const host = "127.0.0.1";
const startMs = 60_000;

/** How a server is started on a port. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
}

/** Starts a server of a scenario on a free port, and resolves when it has answered. `llamaServer`: its binary. */
export async function startServer(spec: ServerSpec, llamaServer: string): Promise<Server> {
  const port = await freePort();
  const name = spec.name ?? spec.kind;
  const child = spawnServer(launchOf(spec, { port, llamaServer }));
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  try {
    await answers(child, { port, embeds: spec.embeds ?? false, everyMs: 50 });
    const { model, vocabulary } = await modelOf({ host, port });
    const { pid } = child;
    const stop = () => stopServer(child);
    return { name, kind: spec.kind, host, port, model, vocabulary, pid, log: () => log, stop };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${name} did not start: ${log}`, { cause: error });
  }
}

export function launchOf(
  { kind, model, slots, contextLength, threads, projector, embeds = false }: ServerSpec,
  { port, llamaServer }: { readonly port: number; readonly llamaServer: string },
): Launch {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const common = ["--model", model, "--port", String(port)];
  if (kind === "tokenwire") {
    const sizes = ["--n_ctx", String(contextLength), "--n_slots", String(slots)];
    const fixed = threads === undefined ? [] : ["--n_threads", String(threads), "--n_threads_batch", String(threads)];
    const sees = projector === undefined ? [] : ["--clip_model_path", projector];
    return { program: process.execPath, args: [main, ...common, "--grpc_port", "0", ...sizes, ...fixed, ...sees] };
  }
  const sizes = ["-np", String(slots), "-c", String(slots * contextLength)];
  const args = [...common, ...sizes, "-t", String(threads ?? availableParallelism())];
  const sees = projector === undefined ? [] : ["--mmproj", projector];
  return { program: llamaServer, args: [...args, ...sees, ...(embeds ? ["--embedding"] : [])] };
}

/** What runs: it ends with the bench, however that ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

function spawnServer({ program, args }: Launch): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

function stopServer(child: ChildProcess): Promise<void> {
  return end(child, (signal) => child.kill(signal));
}

/** Stops a program that leads a group of processes, with all of them. */
export function stopGroup(child: ChildProcess): Promise<void> {
  return end(child, (signal) => process.kill(-(child.pid ?? 0), signal));
}

async function end(child: ChildProcess, kill: (signal: NodeJS.Signals) => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  kill("SIGTERM");
  const timer = setTimeout(() => kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Resolves when the server has answered a request with one token, or one vector. */
async function answers(
  child: ChildProcess,
  { port, embeds, everyMs }: { readonly port: number; readonly embeds: boolean; readonly everyMs: number },
): Promise<void> {
  const body = JSON.stringify(embeds ? { input: "a" } : { prompt: "a", max_tokens: 1 });
  const url = urlOf({ host, port }, embeds ? "/v1/embeddings" : "/v1/completions");
  const deadline = performance.now() + startMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body }).catch(() => undefined);
    await response?.text();
    if (response?.ok === true) return;
    await sleep(everyMs);
  }
  throw new Error("it did not answer within a minute");
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
