import type { Goal, Scenario } from "../run/scenario.ts";
import { closedLoopCase } from "./closed-loop.ts";
import { bothServers } from "./servers.ts";

/** Steps under a millisecond, as a GPU's are: what lies between them counts. */
export const tinySteps: Scenario = {
  name: "tiny-steps",
  summary:
    "The same users of tiny-guide, whose steps take under a millisecond as a GPU's do: what is between them shows.",
  groups: (options) =>
    (options.threads === undefined ? [2, 1] : [options.threads]).map((threads) => ({
      servers: bothServers({ model: options.tinyModel, slots: 8, contextLength: 256, threads }),
      cases: (options.users ?? [1, 8]).map((users) => {
        const { name, ...rest } = closedLoopCase(users, { work: 5 * options.scale, goals: goalsOf(users) });
        return { ...rest, name: `${name}, ${threads === 1 ? "1 thread" : `${threads} threads`}` };
      }),
    })),
};

function goalsOf(users: number): Goal[] {
  return [{ kind: "ratio", figure: "tokensPerSecond", of: "llama-server", min: users === 1 ? 0.95 : 1 }];
}
