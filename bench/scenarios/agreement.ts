import { setTimeout as sleep } from "node:timers/promises";
import { readMetrics, readSettled } from "../measure/metrics.ts";
import { median, sum } from "../measure/statistics.ts";
import type { Figures, Goal, Round, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";

const users = 8;
const slots = 4;
const sampleMs = 20;

const none = (figure: string): Goal => ({ kind: "value", figure, min: 0, max: 0 });

/** Whether the server counts what its clients count. */
export const agreement: Scenario = {
  name: "agreement",
  summary: `${users} users on ${slots} slots: /metrics beside the client's own counts, as differences.`,
  groups: ({ tinyModel, scale }) => [
    {
      servers: [{ kind: "tokenwire", model: tinyModel, slots, contextLength: 512, threads: 1 }],
      cases: [
        {
          name: `${users} users on ${slots} slots`,
          goals: [
            none("requestsOff"),
            none("promptTokensOff"),
            none("completionTokensOff"),
            none("inFlightOff"),
            { kind: "value", figure: "meanBatch", min: 0.9 * slots },
          ],
          run: (round) => compareCounts(round, Math.max(16, Math.round(256 * scale))),
        },
      ],
    },
  ],
};

async function compareCounts(round: Round, maxTokens: number): Promise<Figures> {
  const { server } = round;
  const before = await readMetrics(server);
  const sampled = sampleInFlight(round);
  const flows = Array.from({ length: users }, () => ({
    requests: Array.from({ length: 2 }, () => completion(randomTokens(round, 64), { model: server.model, maxTokens })),
  }));
  const { answers, elapsedMs } = await round.send(flows);
  const inFlight = await sampled();
  const completionTokens = sum(answers, (answer) => answer.completionTokens);
  const after = await readSettled(server, { before, completionTokens });
  const grown = (name: string): number => after.since(before, name);
  const steps = grown("decode_steps_total");
  return {
    requestsOff: grown("request_success_total") - answers.length,
    promptTokensOff: grown("prompt_tokens_total") - sum(answers, (answer) => answer.promptTokens),
    completionTokensOff: grown("completion_tokens_total") - completionTokens,
    inFlightOff: inFlight - users,
    meanBatch: grown("decoded_sequences_total") / steps,
    accountedShare: ((grown("decode_seconds_total") + grown("between_decodes_seconds_total")) * 1000) / elapsedMs,
  };
}

/** Reads how many requests run and wait, until the returned function is called: it resolves to the median. */
function sampleInFlight({ server }: Round): () => Promise<number> {
  const over = new AbortController();
  const samples: number[] = [];
  const reading = (async () => {
    while (!over.signal.aborted) {
      const metrics = await readMetrics(server);
      samples.push(metrics.value("requests_running") + metrics.value("requests_waiting"));
      await sleep(sampleMs);
    }
  })();
  return async () => {
    over.abort();
    await reading;
    return median(samples);
  };
}
