import { startLoadGenerator } from "../load/load-generator.ts";
import { textReport } from "../report/text-report.ts";
import { scenarios } from "../scenarios/scenarios.ts";
import { describeMachine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { CaseResult, RunResult, ScenarioResult } from "./result.ts";
import { type GroupRun, runGroup } from "./run-group.ts";

export interface BenchRun extends Pick<GroupRun, "start"> {
  readonly print: (text: string) => void;
}

/** Runs the scenarios that were asked for, and tells of each case when it is done. */
export async function runBench(options: BenchOptions, { start, print }: BenchRun): Promise<RunResult> {
  const asked = options.scenarios.map((name) => {
    const scenario = scenarios.find((it) => it.name === name);
    if (scenario === undefined)
      throw new Error(`no scenario ${name} (have: ${scenarios.map((it) => it.name).join(", ")})`);
    return scenario;
  });
  if (asked.length === 0) throw new Error(`name a scenario: ${scenarios.map((it) => it.name).join(", ")}`);
  if (options.llamaServer === undefined)
    print("llama-server is not there (bench/README.md): nothing is compared with it");
  const machine = describeMachine(options.llamaServer);
  const deadline = performance.now() + options.seconds * 1000;
  const startedAt = new Date().toISOString();
  const results: ScenarioResult[] = [];
  const load = startLoadGenerator();
  try {
    for (const { name, summary, groups } of asked) {
      const cases: CaseResult[] = [];
      for (const group of groups(options)) {
        for await (const result of runGroup(group, { load, options, start, deadline })) {
          cases.push(result);
          print(textReport({ scenario: name }, result));
        }
      }
      results.push({ scenario: name, summary, cases });
    }
  } finally {
    load.stop();
  }
  return { machine, command: options.command, startedAt, scenarios: results };
}
