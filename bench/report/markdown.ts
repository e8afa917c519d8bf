import { median } from "../measure/statistics.ts";
import type { CaseResult, RunResult, ScenarioResult } from "../run/result.ts";
import { scenarios } from "../scenarios/scenarios.ts";
import { checkGoal, goalText, resultText } from "./check-goal.ts";
import { figureKind, formatFigure } from "./figures.ts";
import { plotsOf } from "./plots.ts";

/** All that runs gave, as Markdown: the goals, then each scenario with its figures and pictures. `folder`: the pictures'. */
export function markdownReport(runs: readonly RunResult[], folder: string): string {
  const merged = mergeRuns(runs);
  return [
    machineText(runs),
    "## Goals",
    goalsTable(merged),
    ...merged.map((it) => scenarioText(it, { runs, folder })),
  ].join("\n\n");
}

/** Runs of the same case are one: their rounds are put together. */
export function mergeRuns(runs: readonly RunResult[]): ScenarioResult[] {
  const merged = new Map<string, ScenarioResult>();
  for (const run of runs) {
    for (const { scenario, summary, cases } of run.scenarios) {
      const known = merged.get(scenario)?.cases ?? [];
      const names = [...new Set([...known, ...cases].map((it) => it.case))];
      const both = names.map((name) => mergeCase([...known, ...cases].filter((it) => it.case === name)));
      merged.set(scenario, { scenario, summary, cases: both });
    }
  }
  const order = scenarios.map(({ name }) => name);
  return [...merged.values()].toSorted((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario));
}

function mergeCase(results: readonly CaseResult[]): CaseResult {
  const [first] = results;
  if (first === undefined) throw new Error("a case without a result");
  const names = [...new Set(results.flatMap(({ rounds }) => Object.keys(rounds)))];
  const rounds = Object.fromEntries(names.map((name) => [name, results.flatMap((it) => it.rounds[name] ?? [])]));
  return { ...first, rounds };
}

function machineText(runs: readonly RunResult[]): string {
  const [run] = runs;
  if (run === undefined) return "";
  const { cpu, cores, memoryGb, kernel, node, tokenwire, llamaServer } = run.machine;
  const commits = [...new Set(runs.map(({ machine }) => machine.commit))].join(", ");
  const [day = ""] = run.startedAt.split("T");
  return `Measured on ${day}: ${cpu}, ${cores} cores, ${memoryGb} GB, ${kernel}; Tokenwire ${tokenwire} (${commits}) on Node ${node}; llama-server ${llamaServer}.`;
}

function goalsTable(results: readonly ScenarioResult[]): string {
  const rows = results.flatMap(({ scenario, cases }) =>
    cases.flatMap((result) =>
      result.goals.map((goal) => {
        const checked = checkGoal(goal, result);
        const mark = checked.reached === undefined ? "not measured" : checked.reached ? "yes" : "**no**";
        return [scenario, result.case, figureKind(goal.figure).label, goalText(goal), resultText(checked), mark];
      }),
    ),
  );
  return table(["scenario", "case", "figure", "goal", "median (least–most)", "reached"], rows);
}

interface Place {
  readonly runs: readonly RunResult[];
  readonly folder: string;
}

function scenarioText(result: ScenarioResult, { runs, folder }: Place): string {
  const { scenario, summary, cases } = result;
  const figures = [...new Set(cases.flatMap(({ rounds }) => Object.values(rounds).flat().flatMap(Object.keys)))];
  const rows = cases.flatMap((it) =>
    Object.entries(it.rounds).map(([name, rounds]) => [
      it.case,
      name,
      String(rounds.length),
      ...figures.map((figure) => medianText(figure, rounds)),
    ]),
  );
  const heads = figures.map((name) => figureKind(name).label);
  const commands = runs
    .filter(({ scenarios }) => scenarios.some((it) => it.scenario === scenario))
    .map((it) => it.command);
  const pictures = plotsOf(result).map(({ file, title }) => `![${title}](${folder}/${file})`);
  return [
    `## ${scenario}`,
    summary,
    table(["case", "server", "rounds", ...heads], rows),
    ...pictures,
    `\`\`\`bash (a quiet machine, and minutes)\n${[...new Set(commands)].join("\n")}\n\`\`\``,
  ].join("\n\n");
}

function medianText(figure: string, rounds: CaseResult["rounds"][string] = []): string {
  const values = rounds.flatMap((it) => it[figure] ?? []);
  return values.length === 0 ? "" : formatFigure(figure, median(values));
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
