import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, readMemory } from "../measure/process-cpu.ts";
import type { Figures, Round, Scenario } from "../run/scenario.ts";
import { completion } from "./requests.ts";
import { bothServers } from "./servers.ts";

/** After an answer: what it made is let go by then. */
const restMs = 2000;

/** What the processes hold while nothing runs. */
export const memory: Scenario = {
  name: "memory",
  summary:
    "Resident memory with tiny-guide after some answers, at rest: all of it, and with shared pages divided (PSS).",
  groups: ({ tinyModel, threads, scale }) => [
    {
      servers: bothServers({ model: tinyModel, slots: 4, contextLength: 512, threads }),
      cases: [
        {
          name: "at rest",
          maxRounds: 3,
          goals: [
            { kind: "value", figure: "frontMb", max: 120 },
            { kind: "value", figure: "workerMb", max: 150 },
          ],
          run: (round) => readAtRest(round, restMs * scale),
        },
      ],
    },
  ],
};

async function readAtRest({ server, send }: Round, ms: number): Promise<Figures> {
  await send([{ requests: [completion("Hello", { model: server.model, maxTokens: 8 })] }]);
  await sleep(ms);
  const { pid } = server;
  if (pid === undefined) return {};
  const own = readMemory(pid);
  if (server.kind !== "tokenwire") return { allMb: own.rssMb };
  const [child = 0] = childrenOf(pid);
  const worker = readMemory(child);
  return {
    allMb: own.rssMb + worker.rssMb,
    frontMb: own.rssMb,
    workerMb: worker.rssMb,
    frontPssMb: own.pssMb,
    workerPssMb: worker.pssMb,
  };
}
