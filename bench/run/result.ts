import type { Figures, Goal } from "./scenario.ts";

/** What the rounds of a case gave: the figures of each server, by its name, in the order of the rounds. */
export interface CaseResult {
  readonly case: string;
  readonly goals: readonly Goal[];
  readonly rounds: Readonly<Record<string, readonly Figures[]>>;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly summary: string;
  readonly cases: readonly CaseResult[];
}

/** What a run of the bench writes as JSON. */
export interface RunResult {
  readonly machine: Machine;
  readonly command: string;
  readonly startedAt: string;
  readonly scenarios: readonly ScenarioResult[];
}

/** Where a run was made, and of what. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly tokenwire: string;
  /** Of the working tree; with "+" where it had changes. */
  readonly commit: string;
  readonly llamaServer: string;
}
