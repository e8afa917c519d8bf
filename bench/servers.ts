import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export interface Server {
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly model: string;
  /** For pictures or sounds. */
  readonly projector?: string;
  readonly slots: number;
  readonly sequenceLength: number;
  readonly threads: number;
  /** The model embeds: it is asked for vectors, not for text. */
  readonly embeds?: boolean;
}

export function startTokenwire(options: ServerOptions): Promise<Server> {
  const { model, projector, slots, sequenceLength } = options;
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return start("tokenwire", options, (port) => [
    process.execPath,
    [
      main,
      "--model",
      model,
      "--port",
      String(port),
      "--grpc_port",
      "0",
      "--n_ctx",
      String(sequenceLength),
      "--n_slots",
      String(slots),
      ...(projector === undefined ? [] : ["--clip_model_path", projector]),
    ],
  ]);
}

export function startLlamaServer(binary: string, options: ServerOptions): Promise<Server> {
  const { model, projector, slots, sequenceLength, threads, embeds } = options;
  return start("llama-server", options, (port) => [
    binary,
    [
      "-m",
      model,
      "--port",
      String(port),
      "-np",
      String(slots),
      "-c",
      String(slots * sequenceLength),
      "-t",
      String(threads),
      ...(embeds === true ? ["--embedding"] : []),
      ...(projector === undefined ? [] : ["--mmproj", projector]),
    ],
  ]);
}

async function start(
  name: string,
  { embeds = false }: ServerOptions,
  command: (port: number) => [string, string[]],
): Promise<Server> {
  const port = await freePort();
  const [program, args] = command(port);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  await ready(child, port, embeds).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`${name} did not start: ${errors}`, { cause: error });
  });
  return {
    name,
    port,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** Ready means: it answers GET /v1/models, and its health says 200. */
async function ready(child: ChildProcess, port: number, embeds: boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const path = tries % 2 === 0 ? "/ready" : "/health";
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    // llama-server has no /ready and says 503 on /health while it loads.
    if (response?.status === 200 && (await ok(port, embeds))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it was not ready within a minute");
}

async function ok(port: number, embeds: boolean): Promise<boolean> {
  const body = JSON.stringify(embeds ? { input: "a" } : { prompt: "a", max_tokens: 1 });
  const headers = { "content-type": "application/json" };
  const path = embeds ? "embeddings" : "completions";
  const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, { method: "POST", headers, body });
  await response.text();
  return response.ok;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
