import { withStepFigures } from "../measure/metrics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Group, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";

/** All that counts where a GPU computes: the time from one decode's end to the next one's begin. */
export const betweenDecodes: Scenario = {
  name: "between-decodes",
  summary:
    "Time from the end of a decode to the beginning of the next, by Tokenwire's own metrics, while sequences run.",
  groups: (options) => [
    sequencesGroup("tiny-guide, 4k vocabulary", options.tinyModel, options),
    sequencesGroup("49k vocabulary", options.model, options),
    ...(options.largeVocabularyModel === undefined
      ? []
      : [sequencesGroup("262k vocabulary", options.largeVocabularyModel, options)]),
  ],
};

function sequencesGroup(what: string, model: string, { users = [1, 8, 32], threads, scale }: BenchOptions): Group {
  const maxTokens = Math.max(8, Math.round(96 * scale));
  return {
    servers: [
      {
        kind: "tokenwire",
        model,
        slots: Math.max(...users),
        contextLength: 256,
        ...(threads === undefined ? {} : { threads }),
      },
    ],
    cases: users.map((count) => ({
      name: `${count} at once, ${what}`,
      run: async (round) => {
        const flows = Array.from({ length: count }, () => ({
          requests: [completion(randomTokens(round, 4), { model: round.server.model, maxTokens })],
        }));
        return (await withStepFigures(round.server, () => round.send(flows))).steps;
      },
    })),
  };
}
