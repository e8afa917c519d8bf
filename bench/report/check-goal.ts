import { median } from "../measure/statistics.ts";
import type { CaseResult } from "../run/result.ts";
import type { Goal } from "../run/scenario.ts";
import { formatFigure } from "./figures.ts";

/** How a goal came out: the median over the rounds, and the least and the most of them. */
export interface GoalResult {
  readonly goal: Goal;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Undefined where there is nothing to compare with. */
  readonly reached: boolean | undefined;
}

/** Compares each round of Tokenwire with the same round of the server it is measured by. */
export function checkGoal(goal: Goal, { rounds }: CaseResult): GoalResult {
  const own = series(rounds[goal.server ?? "tokenwire"], goal.figure);
  const other = series(rounds[otherOf(goal) ?? ""], goal.figure);
  const values = own.flatMap((value, round) => {
    if (goal.kind === "value") return [value];
    const base = other[round];
    if (base === undefined) return [];
    return [goal.kind === "ratio" ? value / base : value - base];
  });
  const middle = median(values);
  const reached =
    middle >= ((goal.kind === "difference" ? undefined : goal.min) ?? -Infinity) && middle <= (goal.max ?? Infinity);
  return {
    goal,
    median: middle,
    low: Math.min(...values),
    high: Math.max(...values),
    reached: values.length === 0 ? undefined : reached,
  };
}

function otherOf(goal: Goal): string | undefined {
  if (goal.kind === "value") return undefined;
  return goal.kind === "ratio" ? goal.of : goal.over;
}

function series(rounds: CaseResult["rounds"][string] | undefined, figure: string): number[] {
  return (rounds ?? []).flatMap((figures) => figures[figure] ?? []);
}

/** `≥ 0.97 of llama-server`. */
export function goalText(goal: Goal): string {
  if (goal.kind === "difference") return `≤ ${goal.over} + ${formatFigure(goal.figure, goal.max)}`;
  const amount = (value: number) =>
    goal.kind === "ratio" ? `${value} of ${goal.of}` : formatFigure(goal.figure, value);
  if (goal.min !== undefined && goal.min === goal.max) return amount(goal.min);
  return [
    ...(goal.min === undefined ? [] : [`≥ ${amount(goal.min)}`]),
    ...(goal.max === undefined ? [] : [`≤ ${amount(goal.max)}`]),
  ].join(", ");
}

/** `0.97 (0.95–0.99)`. */
export function resultText({ goal, median, low, high }: GoalResult): string {
  const write = (value: number) => (goal.kind === "ratio" ? value.toFixed(2) : formatFigure(goal.figure, value));
  return Number.isNaN(median) ? "–" : `${write(median)} (${write(low)}–${write(high)})`;
}
