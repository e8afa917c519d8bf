import { expect, test } from "vitest";
import { checkGoal, goalText, resultText } from "../../../bench/report/check-goal.ts";
import { markdownReport, mergeRuns } from "../../../bench/report/markdown.ts";
import { plotsOf } from "../../../bench/report/plots.ts";
import type { CaseResult, RunResult } from "../../../bench/run/result.ts";
import type { Goal } from "../../../bench/run/scenario.ts";

const tokens = (...values: number[]) => values.map((tokensPerSecond) => ({ tokensPerSecond }));
const ratio: Goal = { kind: "ratio", figure: "tokensPerSecond", of: "llama-server", min: 0.97 };

function result(goals: readonly Goal[], rounds: CaseResult["rounds"]): CaseResult {
  return { case: "8 users", goals, rounds };
}

test("a ratio is the median of the rounds' own, each of one moment of the machine", () => {
  const slow = result([ratio], { tokenwire: tokens(100, 10, 99), "llama-server": tokens(100, 10, 110) });
  const checked = checkGoal(ratio, slow);
  expect(checked).toMatchObject({ median: 1, low: 0.9, high: 1, reached: true });
  expect(`${goalText(ratio)}: ${resultText(checked)}`).toBe("≥ 0.97 of llama-server: 1.00 (0.90–1.00)");
});

test("what has nothing to be compared with is neither reached nor missed", () => {
  const checked = checkGoal(ratio, result([ratio], { tokenwire: tokens(100) }));
  expect(checked.reached).toBeUndefined();
  expect(resultText(checked)).toBe("–");
});

test("differences and values have limits of their own", () => {
  const more: Goal = { kind: "difference", figure: "latencyP50Ms", over: "peer", max: 1.5 };
  const rounds = { tokenwire: [{ latencyP50Ms: 3 }], peer: [{ latencyP50Ms: 1 }] };
  expect(checkGoal(more, result([more], rounds))).toMatchObject({ median: 2, reached: false });
  const same: Goal = { kind: "value", figure: "requestsOff", min: 0, max: 0 };
  expect(checkGoal(same, result([same], { tokenwire: [{ requestsOff: 0 }] })).reached).toBe(true);
  expect(goalText(same)).toBe("0");
});

test("runs of the same case are put together, with a table and pictures", () => {
  const run = (value: number): RunResult => ({
    machine: {
      cpu: "c",
      cores: 2,
      memoryGb: 24,
      kernel: "k",
      node: "24",
      tokenwire: "0",
      commit: "x",
      llamaServer: "y",
    },
    command: "npm run bench -- closed-loop",
    startedAt: "2026-01-01T00:00:00Z",
    scenarios: [
      {
        scenario: "closed-loop",
        summary: "Users.",
        cases: [result([ratio], { tokenwire: tokens(value), "llama-server": tokens(100) })],
      },
    ],
  });
  const runs = [run(100), run(90), run(98)];
  const page = markdownReport(runs, "performance");
  expect(page).toContain("| closed-loop | 8 users | tokens | ≥ 0.97 of llama-server | 0.98 (0.90–1.00) | yes |");
  expect(page).toContain("| 8 users | tokenwire | 3 | 98/s |");
  const [plot] = mergeRuns(runs).flatMap(plotsOf);
  expect(page).toContain(`(performance/${plot?.file})`);
  expect(plot?.svg.match(/<rect/g)).toHaveLength(5);
});
