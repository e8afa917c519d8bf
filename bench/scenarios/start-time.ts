import { setTimeout as sleep } from "node:timers/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runPlan } from "../load/run-plan.ts";
import { readMetrics } from "../measure/metrics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Contender, Figures, Scenario } from "../run/scenario.ts";
import type { ServerSpec } from "../servers/server.ts";
import { freePort, host, launchOf, stopGroup } from "../servers/start-server.ts";
import { completion } from "./requests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const patienceMs = 60_000;

/** From a command to its first token. */
export const startTime: Scenario = {
  name: "start",
  summary:
    "`npm start` with tiny-guide to its first token, when it has been started before, and what of it a worker takes to be ready.",
  groups: (options) => [
    {
      servers: [],
      contenders: contenders(options),
      cases: [
        {
          name: "second start",
          goals: [
            { kind: "value", figure: "firstTokenMs", max: 1200 },
            { kind: "value", figure: "workerReadyMs", max: 500 },
          ],
        },
      ],
    },
  ],
};

function contenders({ tinyModel, llamaServer }: BenchOptions): Contender[] {
  const spec = { model: tinyModel, slots: 4, contextLength: 512 };
  const start = (kind: ServerSpec["kind"]): Contender => ({
    name: kind,
    warmUps: 1,
    async run() {
      const port = await freePort();
      const { program, args } = launchOf({ ...spec, kind }, { port, llamaServer: llamaServer ?? "" });
      // As its users start it: through npm.
      return kind === "tokenwire"
        ? timeStart(port, { program: "npm", args: ["start", "--silent", "--", ...args.slice(1)], metrics: true })
        : timeStart(port, { program, args, metrics: false });
    },
  });
  return [start("tokenwire"), ...(llamaServer === undefined ? [] : [start("llama-server")])];
}

interface Start {
  readonly program: string;
  readonly args: readonly string[];
  readonly metrics: boolean;
}

async function timeStart(port: number, { program, args, metrics }: Start): Promise<Figures> {
  const begin = performance.now();
  // Leader of a group: npm's child is ended with it.
  const child = spawn(program, args, { cwd: root, stdio: "ignore", detached: true });
  try {
    await firstToken(port, child);
    const firstTokenMs = performance.now() - begin;
    if (!metrics) return { firstTokenMs };
    const loadSeconds = (await readMetrics({ host, port })).value("model_load_seconds_total");
    return { firstTokenMs, workerReadyMs: loadSeconds * 1000 };
  } finally {
    await stopGroup(child);
  }
}

/** Asks until the server is there and has answered. */
async function firstToken(port: number, child: ChildProcess): Promise<void> {
  const requests = [completion("Hello", { model: "", maxTokens: 1, stream: false })];
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      await runPlan({ host, port, flows: [{ requests }] });
      return;
    } catch {
      await sleep(10);
    }
  }
  throw new Error("no first token within a minute");
}
