import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Scenario } from "../run/scenario.ts";
import type { ServerSpec } from "../servers/server.ts";
import { closedLoopCase } from "./closed-loop.ts";

/** A program beside the server that wants a core for itself. */
export const busyCore: Scenario = {
  name: "busy-core",
  summary: "Another program is busy on one core: the threads that Tokenwire chooses, beside each fixed number of them.",
  groups: (options) => {
    const users = options.users ?? [1, 8];
    const counts = [...new Set([1, availableParallelism()])];
    const spec = { model: options.model, slots: Math.max(...users), contextLength: 256 };
    const fixed = (kind: ServerSpec["kind"]): ServerSpec[] =>
      counts.map((threads) => ({ ...spec, kind, threads, name: fixedName(kind, threads) }));
    return [
      {
        background: spin,
        servers: [{ ...spec, kind: "tokenwire" }, ...fixed("tokenwire"), ...fixed("llama-server")],
        cases: users.map((count) =>
          closedLoopCase(count, {
            work: options.scale / 2,
            goals: counts.map((threads) => ({
              kind: "ratio",
              figure: "tokensPerSecond",
              of: fixedName("tokenwire", threads),
              min: 0.9,
            })),
          }),
        ),
      },
    ];
  },
};

function fixedName(kind: string, threads: number): string {
  return `${kind}, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
}

function spin(): () => void {
  const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  return () => void child.kill("SIGKILL");
}
