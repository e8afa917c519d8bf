import { setTimeout as sleep } from "node:timers/promises";
import { withStepFigures } from "../measure/metrics.ts";
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
  const flows = Array.from({ length: streams }, () => ({
    requests: [completion(randomTokens(round, 8), { model: round.server.model, maxTokens })],
  }));
  const { result, steps } = await withStepFigures(round.server, () => round.send(flows));
  const { front, worker, libuv, all } = used();
  const tokens = sum(result.answers, ({ completionTokens }) => completionTokens);
  // Where llama_decode is called on the main thread, its time there is llama.cpp's.
  const decoding = Math.max(0, (steps["decodeMs"] ?? 0) - libuv);
  const own = Math.max(0, worker - decoding);
  return { frontMsPerToken: front / tokens, workerMsPerToken: own / tokens, computeMsPerToken: (all - own) / tokens };
}

async function runIdle(round: Round, { scale }: BenchOptions): Promise<Figures> {
  const ms = Math.max(200, idleMs * scale);
  const used = cpuOf(round);
  await sleep(ms);
  const { front, all } = used();
  return { frontCpuShare: front / ms, workerCpuShare: all / ms };
}

/** Ms of processor time from now until the returned function is called: the front's, and the worker's by threads. */
function cpuOf({ server: { pid = 0 } }: Round) {
  const [child = 0] = childrenOf(pid);
  const [front, worker] = [readCpu(pid), readCpu(child)];
  return () => {
    const now = readCpu(child);
    return {
      front: readCpu(pid).all - front.all,
      worker: now.javascript - worker.javascript,
      libuv: now.libuv - worker.libuv,
      all: now.all - worker.all,
    };
  };
}
