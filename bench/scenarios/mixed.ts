import type { Flow, PlannedRequest } from "../load/plan.ts";
import { withStepFigures } from "../measure/metrics.ts";
import { streamFigures } from "../measure/stream-figures.ts";
import type { Round, Scenario } from "../run/scenario.ts";
import { completion, randomText, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

/** What a small team does at once. */
export const mixed: Scenario = {
  name: "mixed",
  summary:
    "8 users at once: 4 streams of prompts of 16 to 512 tokens and answers of 16 to 128, 2 users of short answers that are not streamed, 2 chats whose answer is JSON.",
  groups: ({ model, threads, scale }) => [
    {
      servers: bothServers({ model, slots: 8, contextLength: 1024, threads }),
      cases: [
        {
          name: "8 users",
          goals: [{ kind: "ratio", figure: "tokensPerSecond", of: "llama-server", min: 1 }],
          run: async (round) => {
            const flows = users(round, Math.max(1, Math.round(3 * scale)));
            const { result, steps } = await withStepFigures(round.server, () => round.send(flows));
            return { ...streamFigures(result), ...steps };
          },
        },
      ],
    },
  ],
};

function users(round: Round, requests: number): Flow[] {
  const { random } = round;
  const { model } = round.server;
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low));
  const kinds: readonly (() => PlannedRequest)[] = [
    () => completion(randomTokens(round, between(16, 512)), { model, maxTokens: between(16, 128) }),
    () => completion(randomTokens(round, 64), { model, maxTokens: 16, stream: false }),
    () => jsonChat(model, randomText(random, 30)),
  ];
  return [0, 0, 0, 0, 1, 1, 2, 2].map((kind) => ({ requests: Array.from({ length: requests }, kinds[kind]!) }));
}

function jsonChat(model: string, content: string): PlannedRequest {
  const schema = {
    type: "object",
    properties: {
      title: { type: "string", maxLength: 40 },
      tags: { type: "array", items: { type: "string" }, maxItems: 5 },
    },
    required: ["title", "tags"],
    additionalProperties: false,
  };
  const response_format = { type: "json_schema", json_schema: { name: "note", strict: true, schema } };
  const stream = { stream: true, stream_options: { include_usage: true } };
  const body = { model, messages: [{ role: "user", content }], max_tokens: 64, response_format, ...stream };
  return { path: "/v1/chat/completions", body: JSON.stringify(body) };
}
