import { quantile } from "../measure/statistics.ts";
import type { PlannedRequest } from "../load/plan.ts";
import type { Case, Round, Scenario } from "../run/scenario.ts";
import { embedding } from "./embeddings.ts";
import { completion, randomText, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

/** What a request costs beside its tokens. */
export const oneToken: Scenario = {
  name: "one-token",
  summary: "One user, requests of next to no work, one after the other: what a request itself costs.",
  groups: ({ tinyModel, embeddingModel, threads, scale }) => {
    const requests = Math.ceil(100 * scale);
    const one = { slots: 1, contextLength: 256, threads };
    return [
      {
        servers: bothServers({ ...one, model: tinyModel }),
        cases: [
          requestCase("a completion of one token", requests, (round) =>
            completion(randomTokens(round, 8), { model: round.server.model, maxTokens: 1, stream: false }),
          ),
          requestCase("/tokenize", requests, ({ random }) => ({
            path: "/tokenize",
            body: JSON.stringify({ content: randomText(random, 12) }),
          })),
        ],
      },
      {
        servers: bothServers({ ...one, model: embeddingModel, embeds: true }),
        cases: [
          requestCase("an embedding", requests, ({ random, server: { model } }) =>
            embedding([randomText(random, 12)], model),
          ),
        ],
      },
    ];
  },
};

function requestCase(name: string, requests: number, one: (round: Round) => PlannedRequest): Case {
  return {
    name,
    goals: [{ kind: "difference", figure: "latencyP50Ms", over: "llama-server", max: 1.5 }],
    async run(round) {
      const { answers } = await round.send([{ requests: Array.from({ length: requests }, () => one(round)) }]);
      const times = answers.map(({ sentAt, endAt }) => endAt - sentAt);
      return { latencyP50Ms: quantile(times, 0.5), latencyP99Ms: quantile(times, 0.99) };
    },
  };
}
