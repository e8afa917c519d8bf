import type { Flow, Outcome } from "../load/plan.ts";
import type { Server, ServerSpec } from "../servers/server.ts";
import type { BenchOptions } from "./options.ts";

/** Numbers of one round of one server, by the names of report/figures.ts. */
export type Figures = Readonly<Record<string, number>>;

/** What a round has at hand. */
export interface Round {
  readonly server: Server;
  /** Sends flows to the server, from the load generator. */
  readonly send: (flows: readonly Flow[]) => Promise<Outcome>;
  /** Draws the same numbers for each server of a round, and others in each round. */
  readonly random: () => number;
}

/** A goal for a figure of Tokenwire; `of` and `over`: a server of the same round. */
export type Goal = {
  readonly figure: string;
  /** The server whose figure it is, where a group has several of Tokenwire's. */
  readonly server?: string;
} & (
  | { readonly kind: "value"; readonly min?: number; readonly max?: number }
  | { readonly kind: "ratio"; readonly of: string; readonly min?: number; readonly max?: number }
  | { readonly kind: "difference"; readonly over: string; readonly max: number }
);

/** One line of a scenario's table. */
export interface Case {
  readonly name: string;
  /** One round of a server. Unset: only contenders have figures. */
  readonly run?: (round: Round) => Promise<Figures>;
  readonly goals?: readonly Goal[];
  /** Where a round says the same as the last one: run no more than this. */
  readonly maxRounds?: number;
  /** Where a round is long enough to warm a server up. */
  readonly maxWarmUps?: number;
}

/** Cases that share their servers, which are started before them and stopped after them. */
export interface Group {
  readonly servers: readonly ServerSpec[];
  readonly cases: readonly Case[];
  readonly contenders?: readonly Contender[];
  /** What else the machine does meanwhile; returns how it is ended. */
  readonly background?: () => () => void;
}

/** What is not a running server but has its turn in each round: a program, or a start. */
export interface Contender {
  readonly name: string;
  /** Before the first round. */
  readonly warmUps: number;
  /** The figures for a case. */
  run(name: string): Promise<Figures>;
}

/** What can be asked for on the command line. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly groups: (options: BenchOptions) => readonly Group[];
}
