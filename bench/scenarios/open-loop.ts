import { streamFigures } from "../measure/stream-figures.ts";
import type { Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

const promptTokens = 128;
const completionTokens = 64;
const seconds = 10;

/** Requests that come when they come, whether or not the ones before are answered. */
export const openLoop: Scenario = {
  name: "open-loop",
  summary: `Requests that arrive at random at a rate, for ${seconds} s: ${promptTokens} tokens in, ${completionTokens} out.`,
  groups: (options) => [
    {
      servers: bothServers({ model: options.model, slots: 16, contextLength: 256, threads: options.threads }),
      cases: options.rates.map((rate) => ({
        name: `${rate} requests/s`,
        maxWarmUps: 1,
        goals: [{ kind: "ratio", figure: "ttftP50Ms", of: "llama-server", max: 1 }],
        run: async (round) => {
          const { model } = round.server;
          const flows = arrivals(rate, { random: round.random, ms: seconds * 1000 * options.scale }).map((startMs) => ({
            startMs,
            requests: [completion(randomTokens(round, promptTokens), { model, maxTokens: completionTokens })],
          }));
          return streamFigures(await round.send(flows));
        },
      })),
    },
  ],
};

/** Times at which a Poisson process of a rate per second gives something; at least one. */
function arrivals(rate: number, { random, ms }: { readonly random: () => number; readonly ms: number }): number[] {
  const times = [0];
  let at = 0;
  while ((at += (-Math.log(1 - random()) * 1000) / rate) < ms) times.push(at);
  return times;
}
