import type { Answer, Outcome } from "../load/plan.ts";
import type { Figures } from "../run/scenario.ts";
import { quantile, sum } from "./statistics.ts";

/** What users of streams see: throughput of prompt and completion tokens, first tokens, gaps between tokens. */
export function streamFigures({ answers, elapsedMs, generatorCpuMs }: Outcome): Figures {
  const gaps = answers.flatMap(gapsOf);
  const firsts = answers.map(firstTokenMs);
  return {
    tokensPerSecond: (sum(answers, tokensOf) / elapsedMs) * 1000,
    ttftP50Ms: quantile(firsts, 0.5),
    ttftP99Ms: quantile(firsts, 0.99),
    gapP50Ms: quantile(gaps, 0.5),
    gapP99Ms: quantile(gaps, 0.99),
    generatorCpuShare: generatorCpuMs / elapsedMs,
  };
}

export function firstTokenMs({ firstAt, sentAt }: Answer): number {
  return firstAt - sentAt;
}

/** Prompt and completion. */
export function tokensOf({ promptTokens, completionTokens }: Answer): number {
  return promptTokens + completionTokens;
}

/** Between two events of a stream each. */
export function gapsOf({ eventsAt }: Answer): number[] {
  return Array.from(eventsAt.subarray(1), (at, i) => at - (eventsAt[i] ?? at));
}
