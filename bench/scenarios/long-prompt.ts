import { firstTokenMs } from "../measure/stream-figures.ts";
import type { Answer } from "../load/plan.ts";
import { quantile } from "../measure/statistics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Figures, Round, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

const streams = 3;
const streamTokens = 400;
const promptTokens = 3000;
/** The streams run by then. */
const arrivesMs = 500;

/** A long prompt that arrives while others read. */
export const longPrompt: Scenario = {
  name: "long-prompt",
  summary: `${streams} streams of ${streamTokens} tokens, beside which a prompt of ${promptTokens} tokens arrives; the streams' gaps while it is processed.`,
  groups: (options) => [
    {
      servers: bothServers({ model: options.model, slots: 4, contextLength: 4096, threads: options.threads }),
      cases: [
        {
          name: `${streams} streams and a prompt`,
          maxWarmUps: 1,
          run: (round) => runBeside(round, options),
          goals: [
            { kind: "ratio", figure: "elapsedMs", of: "llama-server", max: 1.1 },
            { kind: "ratio", figure: "promptTtftMs", of: "llama-server", max: 1.3 },
            { kind: "ratio", figure: "gapP99Ms", of: "llama-server", max: 0.15 },
          ],
        },
      ],
    },
  ],
};

async function runBeside(round: Round, { scale }: BenchOptions): Promise<Figures> {
  const { model } = round.server;
  const size = (tokens: number): number => Math.max(2, Math.round(tokens * scale));
  const prompt = completion(randomTokens(round, size(promptTokens)), { model, maxTokens: size(64), label: "prompt" });
  const { answers, elapsedMs } = await round.send([
    ...Array.from({ length: streams }, () => ({
      requests: [completion(randomTokens(round, 64), { model, maxTokens: size(streamTokens) })],
    })),
    { startMs: arrivesMs * scale, requests: [prompt] },
  ]);
  const long = answers.find(({ label }) => label === "prompt");
  const gaps = answers.filter((it) => it !== long).flatMap((it) => gapsWhile(it, long));
  return {
    elapsedMs,
    promptTtftMs: long === undefined ? Number.NaN : firstTokenMs(long),
    gapP50Ms: quantile(gaps, 0.5),
    gapP99Ms: quantile(gaps, 0.99),
    gapMaxMs: quantile(gaps, 1),
  };
}

/** The gaps of a stream that lie, at least in part, in the time when the long prompt is processed. */
function gapsWhile({ eventsAt }: Answer, long: Answer | undefined): number[] {
  const { sentAt, firstAt } = long ?? { sentAt: 0, firstAt: Infinity };
  return Array.from(eventsAt.subarray(1), (at, index) => ({ from: eventsAt[index] ?? at, at }))
    .filter(({ from, at }) => at > sentAt && from < firstAt)
    .map(({ from, at }) => at - from);
}
