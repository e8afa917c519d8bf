import type { Engine, EngineEvent, EngineTimings, GenerateJob } from "../../engine/engine.ts";
import type { FinishedEvent } from "./engine-to-proto.ts";

export interface GenerationSignals {
  readonly signal: AbortSignal;
  /** Aborted: the generation ends early and well; unset: it never does. */
  readonly interrupted: AbortSignal | undefined;
}

export type GenerationEvent = Exclude<EngineEvent, { type: "finished" }> | FinishedEvent;

/**
 * What the engine makes of a job. On an interrupt its work stops, and each choice that has not finished does so with
 * reason `interrupted`, the tokens of what was passed on, and its times so far.
 */
export async function* interruptible(
  engine: Engine,
  job: GenerateJob,
  { signal, interrupted }: GenerationSignals,
): AsyncGenerator<GenerationEvent, void, void> {
  if (interrupted === undefined) {
    yield* engine.generate(job, signal);
    return;
  }
  const tokens = new Map(Array.from({ length: job.choices }, (_, choice) => [choice, 0]));
  const clock = new PhaseClock();
  try {
    for await (const event of engine.generate(job, AbortSignal.any([signal, interrupted]))) {
      clock.see(event);
      if (event.type === "text") tokens.set(event.choice, event.completionTokens);
      if (event.type === "finished") tokens.delete(event.choice);
      yield event;
    }
  } catch (error) {
    if (!interrupted.aborted || signal.aborted) throw error;
  }
  if (!interrupted.aborted) return;
  // A stream says first what answers.
  if (!clock.hasStarted) yield { type: "started", cachedTokens: 0, slot: 0 };
  const timings = clock.timings();
  for (const [choice, completionTokens] of tokens)
    yield { type: "finished", choice, reason: "interrupted", stopSequence: undefined, completionTokens, timings };
}

/** The phases of a generation that was not let come to the engine's own account of them. */
class PhaseClock {
  readonly #arrivedMs = performance.now();
  #startedMs: number | undefined;
  #firstTextMs: number | undefined;

  see({ type }: EngineEvent): void {
    if (type === "started") this.#startedMs ??= performance.now();
    if (type === "text") this.#firstTextMs ??= performance.now();
  }

  get hasStarted(): boolean {
    return this.#startedMs !== undefined;
  }

  timings(): EngineTimings {
    const now = performance.now();
    const started = this.#startedMs ?? now;
    const firstText = this.#firstTextMs ?? now;
    return {
      startedAt: performance.timeOrigin + this.#arrivedMs,
      queueMs: started - this.#arrivedMs,
      prefillMs: firstText - started,
      decodeMs: now - firstText,
    };
  }
}
