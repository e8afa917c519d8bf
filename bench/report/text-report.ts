import { median } from "../measure/statistics.ts";
import type { CaseResult, ScenarioResult } from "../run/result.ts";
import { checkGoal, goalText, resultText } from "./check-goal.ts";
import { figureKind, formatFigure } from "./figures.ts";

/** What the terminal shows of a case when it is done. */
export function textReport({ scenario }: Pick<ScenarioResult, "scenario">, result: CaseResult): string {
  const width = Math.max(...Object.keys(result.rounds).map((name) => name.length));
  const lines = Object.entries(result.rounds).map(
    ([name, rounds]) => `  ${name.padEnd(width)}  ${figuresText(rounds)}`,
  );
  const goals = result.goals.map((goal) => {
    const checked = checkGoal(goal, result);
    const mark = checked.reached === undefined ? "?" : checked.reached ? "✓" : "✗";
    return `  ${mark} ${goal.server ?? "tokenwire"} ${figureKind(goal.figure).label} ${goalText(goal)}: ${resultText(checked)}`;
  });
  return [`${scenario}, ${result.case}`, ...lines, ...goals].join("\n");
}

function figuresText(rounds: CaseResult["rounds"][string] = []): string {
  const names = Object.keys(rounds[0] ?? {});
  return names
    .map(
      (name) => `${figureKind(name).label} ${formatFigure(name, median(rounds.map((it) => it[name] ?? Number.NaN)))}`,
    )
    .join(", ");
}
