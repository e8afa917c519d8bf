import type { Answer, PlannedRequest } from "../load/plan.ts";
import { firstTokenMs } from "../measure/stream-figures.ts";
import { quantile, sum } from "../measure/statistics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Figures, Group, Round, Scenario } from "../run/scenario.ts";
import { randomText } from "./requests.ts";
import { bothServers } from "./servers.ts";

const slots = 4;
const turns = 3;

/** More conversations than slots, each growing by what was said. */
export const multiTurn: Scenario = {
  name: "multi-turn",
  summary: `Conversations that take turns on ${slots} slots, ${turns} turns each: what a later turn's first token takes when others have had the slot.`,
  groups: (options) => [
    // About 500 tokens.
    conversationGroup(options, { model: options.model, count: 12, words: 400, what: "500 tokens" }),
    conversationGroup(options, { model: options.tinyModel, count: 100, words: 400, what: "tiny-guide" }),
  ],
};

interface Sizes {
  readonly model: string;
  readonly count: number;
  readonly words: number;
  readonly what: string;
}

function conversationGroup({ threads, scale }: BenchOptions, { model, count, words, what }: Sizes): Group {
  const conversations = Math.max(slots + 1, Math.round(count * scale));
  return {
    servers: bothServers({ model, slots, contextLength: 1536, threads }),
    cases: [
      {
        name: `${count} conversations, ${what}`,
        maxWarmUps: 1,
        goals: [{ kind: "ratio", figure: "laterTtftP50Ms", of: "llama-server", max: 1 }],
        run: (round) => runTurns(round, { conversations, words: Math.max(20, Math.round(words * scale)) }),
      },
    ],
  };
}

/** One user at a time: every conversation's first turn, then every second turn, and so on. */
async function runTurns(
  round: Round,
  { conversations, words }: { readonly conversations: number; readonly words: number },
): Promise<Figures> {
  const first = Array.from({ length: conversations }, () => randomText(round.random, words));
  const later = Array.from({ length: turns - 1 }, () => randomText(round.random, 20));
  const requests = Array.from({ length: turns }, (_, turn) =>
    first.map((text, index) => {
      const messages = [
        { role: "user", content: text },
        ...later.slice(0, turn).flatMap((content, before) => [
          { role: "assistant", content: `@answer:${before * conversations + index}@` },
          { role: "user", content },
        ]),
      ];
      return chatTurn(messages, { model: round.server.model, label: String(turn) });
    }),
  ).flat();
  const { answers } = await round.send([{ requests }]);
  const firsts = (of: (answer: Answer) => boolean): number[] => answers.filter(of).map(firstTokenMs);
  const laterAnswers = answers.filter(({ label }) => label !== "0");
  return {
    firstTurnTtftP50Ms: quantile(
      firsts(({ label }) => label === "0"),
      0.5,
    ),
    secondTurnTtftP50Ms: quantile(
      firsts(({ label }) => label === "1"),
      0.5,
    ),
    laterTtftP50Ms: quantile(
      firsts(({ label }) => label !== "0"),
      0.5,
    ),
    laterTtftP99Ms: quantile(
      firsts(({ label }) => label !== "0"),
      0.99,
    ),
    cachedShare: sum(laterAnswers, (it) => it.cachedTokens) / sum(laterAnswers, (it) => it.promptTokens),
  };
}

function chatTurn(
  messages: readonly object[],
  { model, label }: { readonly model: string; readonly label: string },
): PlannedRequest {
  const body = {
    model,
    messages,
    max_tokens: 16,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  };
  return { path: "/v1/chat/completions", body: JSON.stringify(body), label };
}
