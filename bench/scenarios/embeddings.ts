import { sum } from "../measure/statistics.ts";
import type { PlannedRequest } from "../load/plan.ts";
import type { Case, Goal, Scenario } from "../run/scenario.ts";
import { randomText } from "./requests.ts";
import { bothServers } from "./servers.ts";

const texts = 64;
const words = 12;
const goals: readonly Goal[] = [{ kind: "ratio", figure: "embeddingsPerSecond", of: "llama-server", min: 1 }];

/** Vectors of short texts. */
export const embeddings: Scenario = {
  name: "embeddings",
  summary: `Vectors of texts of ${words} words: ${texts} in one request, and ${texts} requests at once.`,
  groups: ({ embeddingModel, threads, scale }) => [
    {
      // As many slots as fill a batch of llama-server's with these texts.
      servers: bothServers({ model: embeddingModel, slots: 32, contextLength: 512, threads, embeds: true }),
      cases: [
        embeddingCase(`${texts} in one request`, { users: 1, requests: Math.ceil(6 * scale), texts }),
        embeddingCase(`${texts} requests at once`, { users: texts, requests: Math.ceil(4 * scale), texts: 1 }),
      ],
    },
  ],
};

interface Sizes {
  readonly users: number;
  readonly requests: number;
  readonly texts: number;
}

function embeddingCase(name: string, { users, requests, texts }: Sizes): Case {
  return {
    name,
    goals,
    async run({ server: { model }, random, send }) {
      const one = (): PlannedRequest =>
        embedding(
          Array.from({ length: texts }, () => randomText(random, words)),
          model,
        );
      const flows = Array.from({ length: users }, () => ({ requests: Array.from({ length: requests }, one) }));
      const { answers, elapsedMs } = await send(flows);
      const firsts = sum(answers, ({ sentAt, endAt }) => endAt - sentAt) / answers.length;
      return { embeddingsPerSecond: ((users * requests * texts) / elapsedMs) * 1000, latencyMeanMs: firsts };
    },
  };
}

export function embedding(input: readonly string[], model: string): PlannedRequest {
  const [only = ""] = input;
  const body = { model, input: input.length === 1 ? only : input, encoding_format: "float" };
  return { path: "/v1/embeddings", body: JSON.stringify(body) };
}
