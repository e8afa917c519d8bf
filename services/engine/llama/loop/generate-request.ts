import { randomInt } from "node:crypto";
import type { EngineEvent, GenerateJob } from "../../engine.ts";
import type { TokenGrammar } from "../../grammar/matcher/grammar-matcher.ts";
import { type AdapterScales, scalesKey } from "../native/adapter-set.ts";
import { Outbox } from "./outbox.ts";

export interface GenerateRequestOptions {
  /** What the answer is held to. */
  readonly grammar?: TokenGrammar | undefined;
  /** How strongly the model's adapters are applied; unset: there are none. */
  readonly adapters?: AdapterScales;
  /** A reader has taken an event. */
  readonly onTaken: () => void;
}

/** One `generate` call: a prompt and its choices, from arrival to the last event. */
export class GenerateRequest {
  readonly job: GenerateJob;
  readonly outbox: Outbox<EngineEvent>;
  readonly arrivedAt = performance.now();
  /** Choice i samples with seed + i. */
  readonly seed: number;
  /** What the answer is held to. */
  readonly grammar: TokenGrammar | undefined;
  readonly adapters: AdapterScales;
  /** Requests with the same one can be computed together, and share prefixes. */
  readonly adapterKey: string;
  /** Set when nobody waits for the answer any more: its slots are freed before the next step. */
  abandoned = false;

  constructor(job: GenerateJob, { grammar, adapters = [], onTaken }: GenerateRequestOptions) {
    this.job = job;
    this.grammar = grammar;
    this.adapters = adapters;
    this.adapterKey = scalesKey(adapters);
    this.seed = job.sampling.seed ?? randomInt(2 ** 32);
    this.outbox = new Outbox({ onTaken, merge: mergeTexts, weigh: weighEvent });
  }
}

/** What one step adds to a choice is one event, and so is what a reader who is behind has not read. */
function mergeTexts(earlier: EngineEvent, later: EngineEvent): EngineEvent | undefined {
  if (earlier.type !== "text" || later.type !== "text" || earlier.choice !== later.choice) return undefined;
  const logprobs = later.logprobs.length === 0 ? earlier.logprobs : [...earlier.logprobs, ...later.logprobs];
  return { ...later, text: earlier.text + later.text, logprobs };
}

/** In UTF-16 units: merged texts still count for all that they hold. */
function weighEvent(event: EngineEvent): number {
  return event.type === "text" ? event.text.length : 0;
}
