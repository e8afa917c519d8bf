import { firstTokenMs, gapsOf } from "../measure/stream-figures.ts";
import { quantile, sum } from "../measure/statistics.ts";
import type { Outcome, PlannedRequest } from "../load/plan.ts";
import type { Case, Figures, Goal, Group, Round, Scenario } from "../run/scenario.ts";
import { usersName } from "./closed-loop.ts";
import { bothServers } from "./servers.ts";

const schema = {
  type: "object",
  properties: {
    people: {
      type: "array",
      // So that no answer ends before its tokens do.
      minItems: 40,
      items: {
        type: "object",
        properties: { name: { type: "string" }, city: { type: "string" }, age: { type: "integer" } },
        required: ["name", "city", "age"],
        additionalProperties: false,
      },
    },
  },
  required: ["people"],
  additionalProperties: false,
};
const tool = { type: "function", function: { name: "save_people", parameters: schema } };
const kinds = {
  plain: { ignore_eos: true },
  json_schema: { response_format: { type: "json_schema", json_schema: { name: "people", strict: true, schema } } },
  "forced call": { tools: [tool], tool_choice: "required" },
};
const goals: readonly Goal[] = [
  { kind: "value", figure: "ofPlain", min: 0.95 },
  { kind: "ratio", figure: "completionTokensPerSecond", of: "llama-server", min: 1.2 },
  { kind: "value", figure: "firstTokenLaterMs", max: 5 },
];

/** Answers that must be JSON by a schema, and calls that must be made, beside plain text of the same server. */
export const structured: Scenario = {
  name: "structured",
  summary:
    "Chats whose answer is JSON by a schema, or a forced tool call, beside plain text in the same round: 64 tokens out.",
  groups: (options) => [
    structuredGroup(options.model, "49k vocabulary", options),
    ...(options.largeVocabularyModel === undefined
      ? []
      : [structuredGroup(options.largeVocabularyModel, "262k vocabulary", options)]),
  ],
};

interface Sizes {
  readonly users: readonly number[] | undefined;
  readonly threads: number | undefined;
  readonly scale: number;
}

function structuredGroup(model: string, vocabulary: string, { users = [1, 8], threads, scale }: Sizes): Group {
  const maxTokens = Math.max(4, Math.round(64 * scale));
  return {
    // Each kind of prompt keeps its slots: what is measured is the answers.
    servers: bothServers({ model, slots: 2 * Math.max(...users), contextLength: 1024, threads }),
    cases: users.flatMap((count) =>
      (["json_schema", "forced call"] as const).map((kind): Case => ({
        name: `${kind}, ${usersName(count)}, ${vocabulary}`,
        goals,
        run: (round) => runKinds(round, { kind, users: count, maxTokens }),
      })),
    ),
  };
}

async function runKinds(
  round: Round,
  { kind, users, maxTokens }: { readonly kind: keyof typeof kinds; readonly users: number; readonly maxTokens: number },
): Promise<Figures> {
  const run = (of: keyof typeof kinds): Promise<Outcome> => {
    const request = chat(round.server.model, { ...kinds[of], max_tokens: maxTokens });
    return round.send(
      Array.from({ length: users }, () => ({ requests: Array.from({ length: Math.ceil(3 / users) }, () => request) })),
    );
  };
  const plain = await run("plain");
  // llama-server forces no call of a model whose template knows none: its structured output is JSON by the schema.
  const bound = await run(round.server.kind === "tokenwire" ? kind : "json_schema");
  return {
    completionTokensPerSecond: rate(bound),
    plainTokensPerSecond: rate(plain),
    ofPlain: rate(bound) / rate(plain),
    ttftP50Ms: firstToken(bound),
    firstTokenLaterMs: firstToken(bound) - firstToken(plain),
    gapP50Ms: quantile(bound.answers.flatMap(gapsOf), 0.5),
    gapP99Ms: quantile(bound.answers.flatMap(gapsOf), 0.99),
  };
}

function chat(model: string, rest: object): PlannedRequest {
  const messages = [{ role: "user", content: "List forty people with their names, cities and ages." }];
  const body = { model, messages, temperature: 0.8, stream: true, stream_options: { include_usage: true }, ...rest };
  return { path: "/v1/chat/completions", body: JSON.stringify(body) };
}

function rate({ answers, elapsedMs }: Outcome): number {
  return (sum(answers, ({ completionTokens }) => completionTokens) / elapsedMs) * 1000;
}

function firstToken({ answers }: Outcome): number {
  return quantile(answers.map(firstTokenMs), 0.5);
}
