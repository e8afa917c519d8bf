import { firstTokenMs } from "../measure/stream-figures.ts";
import { quantile } from "../measure/statistics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Case, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

const prefixTokens = 1024;
const ownTokens = 16;

/** Requests that begin alike, as with one system prompt. */
export const sharedPrefix: Scenario = {
  name: "shared-prefix",
  summary: `A prefix of ${prefixTokens} tokens that was computed before, and requests that go on from it with ${ownTokens} tokens of their own.`,
  groups: (options) => [
    {
      servers: bothServers({ model: options.model, slots: 4, contextLength: 2048, threads: options.threads }),
      cases: [prefixCase(1, { max: 1, options }), prefixCase(4, { max: 0.1, options })],
    },
  ],
};

function prefixCase(count: number, { max, options }: { readonly max: number; readonly options: BenchOptions }): Case {
  return {
    name: count === 1 ? "1 request" : `${count} at once`,
    goals: [{ kind: "ratio", figure: "ttftMaxMs", of: "llama-server", max }],
    async run(round) {
      const { model } = round.server;
      const prefix = randomTokens(round, Math.max(32, Math.round(prefixTokens * options.scale)));
      const request = () =>
        completion([...prefix, ...randomTokens(round, ownTokens)], { model, maxTokens: 16, cachePrompt: true });
      await round.send([{ requests: [request()] }]);
      const { answers } = await round.send(Array.from({ length: count }, () => ({ requests: [request()] })));
      const firsts = answers.map(firstTokenMs);
      return {
        ttftP50Ms: quantile(firsts, 0.5),
        ttftMaxMs: quantile(firsts, 1),
        cachedTokens: quantile(
          answers.map(({ cachedTokens }) => cachedTokens),
          0,
        ),
      };
    },
  };
}
