import { withStepFigures } from "../measure/metrics.ts";
import { streamFigures } from "../measure/stream-figures.ts";
import type { Case, Figures, Goal, Round, Scenario } from "../run/scenario.ts";
import { batchedBench } from "./batched-bench.ts";
import { completion, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

const promptTokens = 128;
const completionTokens = 64;

/** Users who send their next request when the last one has been answered. */
export const closedLoop: Scenario = {
  name: "closed-loop",
  summary: `Users of streams, each sending the next request when it has its answer: ${promptTokens} random tokens in, ${completionTokens} out.`,
  groups: (options) => {
    const users = options.users ?? [1, 2, 4, 8, 32];
    const slots = Math.max(...users);
    const spec = { model: options.model, slots, contextLength: 256, threads: options.threads };
    const ceiling = batchedBench(options, { promptTokens, completionTokens });
    return [
      {
        servers: bothServers(spec),
        cases: users.map((count) => closedLoopCase(count, { work: options.scale, goals: goalsOf(count) })),
        contenders: ceiling === undefined ? [] : [ceiling],
      },
    ];
  },
};

function goalsOf(users: number): Goal[] {
  const figure = "tokensPerSecond";
  return [
    { kind: "ratio", figure, of: "llama-server", min: 0.97 },
    ...(users >= 8 ? [{ kind: "ratio", figure, of: "llama-batched-bench", min: 0.95 } as const] : []),
    ...(users >= 8 ? [{ kind: "ratio", figure: "ttftP50Ms", of: "llama-server", max: 1 } as const] : []),
    // With more users it says little: of equal lengths, llama-server's stay in step, and their prompts meet no stream.
    ...(users === 1 ? [{ kind: "ratio", figure: "gapP99Ms", of: "llama-server", max: 1 } as const] : []),
  ];
}

/** `work`: how much more a round is than a real model's second or two. */
export function closedLoopCase(
  users: number,
  { work, goals }: { readonly work: number; readonly goals: readonly Goal[] },
): Case {
  const requests = Math.max(1, Math.round(Math.max(2, 6 / users) * work));
  // A round of many users is long.
  const maxWarmUps = users > 8 ? 1 : 3;
  return { name: usersName(users), goals, maxWarmUps, run: (round) => runUsers(round, { users, requests }) };
}

export function usersName(users: number): string {
  return users === 1 ? "1 user" : `${users} users`;
}

async function runUsers(
  round: Round,
  { users, requests }: { readonly users: number; readonly requests: number },
): Promise<Figures> {
  const { server, send } = round;
  const flows = Array.from({ length: users }, () => ({
    requests: Array.from({ length: requests }, () =>
      completion(randomTokens(round, promptTokens), { model: server.model, maxTokens: completionTokens }),
    ),
  }));
  const { result, steps } = await withStepFigures(server, () => send(flows));
  return { ...streamFigures(result), ...steps };
}
