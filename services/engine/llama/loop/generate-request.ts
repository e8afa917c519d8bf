import { randomInt } from "node:crypto";
import type { EngineEvent, GenerateJob } from "../../engine.ts";
import type { Sampler } from "../native/sampler.ts";
import { Outbox } from "./outbox.ts";
import type { Sequence } from "./sequence.ts";

/** One `generate` call: a prompt and its choices, from arrival to the last event. */
export class GenerateRequest {
  readonly job: GenerateJob;
  readonly outbox: Outbox<EngineEvent>;
  readonly arrivedAt = performance.now();
  /** Choice i samples with seed + i. */
  readonly seed: number;
  /** One per choice, none without a grammar; freed with the run's sequences, or by `free`. */
  readonly grammars: Sampler[] = [];
  /** One per choice, once there are slots. The first prefills the prompt; the others copy it. */
  readonly sequences: Sequence[] = [];
  /** Set when nobody waits for the answer any more: its slots are freed before the next step. */
  abandoned = false;

  constructor(job: GenerateJob, onTaken: () => void) {
    this.job = job;
    this.seed = job.sampling.seed ?? randomInt(2 ** 32);
    this.outbox = new Outbox(onTaken);
  }

  get finished(): boolean {
    return this.sequences.length > 0 && this.sequences.every((sequence) => sequence.phase === "done");
  }

  /** Frees the grammars that no sequence has taken over. */
  free(): void {
    for (const grammar of this.grammars.slice(this.sequences.length)) grammar.free();
  }
}
