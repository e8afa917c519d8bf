import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, readCpu } from "../measure/process-cpu.ts";
import { sum } from "../measure/statistics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Figures, Round, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";

const streams = 8;
const idleMs = 3000;

/** What Tokenwire's own code takes of the processors, beside what llama.cpp takes. */
export const processorTime: Scenario = {
  name: "processor-time",
  summary: `Processor time of front and worker for each token of ${streams} streams, without llama.cpp's threads, and while nothing runs.`,
  groups: (options) =>
    (
      [
        [options.tinyModel, "tiny-guide"],
        [options.model, "49k vocabulary"],
      ] as const
    ).map(([model, what]) => ({
      servers: [{ kind: "tokenwire", model, slots: streams, contextLength: 512 }],
      cases: [
        {
          name: `${streams} streams, ${what}`,
          goals: [
            { kind: "value", figure: "frontMsPerToken", max: 0.1 },
            { kind: "value", figure: "workerMsPerToken", max: 0.08 },
          ],
          run: (round) => runStreams(round, options),
        },
        {
          name: `idle, ${what}`,
          maxRounds: 3,
          goals: [
            { kind: "value", figure: "frontCpuShare", max: 0.01 },
            { kind: "value", figure: "workerCpuShare", max: 0.01 },
          ],
          run: (round) => runIdle(round, options),
        },
      ],
    })),
};

async function runStreams(round: Round, { scale }: BenchOptions): Promise<Figures> {
  const maxTokens = Math.max(8, Math.round(256 * scale));
  const used = cpuOf(round);
  const { answers } = await round.send(
    Array.from({ length: streams }, () => ({
      requests: [completion(randomTokens(round, 8), { model: round.server.model, maxTokens })],
    })),
  );
  const { front, worker, compute } = used();
  const tokens = sum(answers, ({ completionTokens }) => completionTokens);
  return { frontMsPerToken: front / tokens, workerMsPerToken: worker / tokens, computeMsPerToken: compute / tokens };
}

async function runIdle(round: Round, { scale }: BenchOptions): Promise<Figures> {
  const ms = Math.max(200, idleMs * scale);
  const used = cpuOf(round);
  await sleep(ms);
  const { front, worker, compute } = used();
  return { frontCpuShare: front / ms, workerCpuShare: (worker + compute) / ms };
}

/** Ms of processor time from now until the returned function is called. */
function cpuOf({ server: { pid = 0 } }: Round): () => { front: number; worker: number; compute: number } {
  const [worker = 0] = childrenOf(pid);
  const before = { front: readCpu(pid), worker: readCpu(worker) };
  return () => {
    const after = { front: readCpu(pid), worker: readCpu(worker) };
    const javascript = after.worker.javascript - before.worker.javascript;
    return {
      front: after.front.all - before.front.all,
      worker: javascript,
      compute: after.worker.all - before.worker.all - javascript,
    };
  };
}
