import { median } from "../measure/statistics.ts";
import type { ScenarioResult } from "../run/result.ts";
import { figureKind } from "./figures.ts";
import { type Bar, barChart } from "./svg.ts";

/** The figures worth a picture: each scenario is drawn by the ones that it has. */
const plotted = [
  "tokensPerSecond",
  "ttftP50Ms",
  "gapP99Ms",
  "completionTokensPerSecond",
  "laterTtftP50Ms",
  "ttftMaxMs",
  "promptTtftMs",
  "embeddingsPerSecond",
  "latencyP50Ms",
  "betweenDecodesMs",
  "firstTokenMs",
  "allMb",
];

export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** Pictures of what several servers, or several cases, gave. */
export function plotsOf({ scenario, cases }: ScenarioResult): Plot[] {
  const servers = [...new Set(cases.flatMap(({ rounds }) => Object.keys(rounds)))];
  return plotted.flatMap((figure) => {
    const of = servers
      .map((name) => ({
        name,
        bars: cases.map(({ rounds }) => barOf((rounds[name] ?? []).flatMap((it) => it[figure] ?? []))),
      }))
      .filter(({ bars }) => bars.some((bar) => bar !== undefined));
    if (of.length * cases.length < 2 || of.length === 0) return [];
    const { label, unit, digits } = figureKind(figure);
    const title = `${scenario}: ${label}${unit === "" ? "" : `, ${unit.replace("/s", "per second")}`}`;
    const svg = barChart({
      title,
      labels: cases.map((it) => it.case),
      series: of,
      format: (value) =>
        value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(Math.max(1, digits)),
    });
    return [{ file: `${scenario}-${figure}.svg`, title, svg }];
  });
}

function barOf(values: readonly number[]): Bar | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  return { value: median(finite), low: Math.min(...finite), high: Math.max(...finite) };
}
