import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { advance, fillInputs, type Passage, type Piece } from "./fill-inputs.ts";
import type { Context } from "../native/context.ts";
import { InputContext, type InputContextOptions, type InputContextParts } from "./input-context.ts";
import { createPromptBudget, type PromptBudget } from "../loop/prompt-budget.ts";
import type { Threads } from "../cpu/threads.ts";
import { createTurns, type Turns } from "../loop/turns.ts";

export interface InputRunnerParts extends InputContextParts {
  readonly threads: () => Threads;
  /** There is nothing to compute for now. */
  readonly onIdle: () => void;
  /** See createPromptBudget. */
  readonly efficientRows: number;
  /** Who may use the compute threads. */
  readonly turns: Turns;
  /** Whether streams run that wait for their next token. */
  readonly isGenerating: () => boolean;
  /** Told after each batch how many tokens it had. */
  readonly onTokens: (tokens: number) => void;
}

/** Takes what it needs of a batch's outputs, which are gone when it returns. */
export type ReadOutputs = (context: Context, pieces: readonly Piece[]) => void;

interface Job extends Passage {
  readonly signal: AbortSignal;
  readonly read: ReadOutputs;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs token lists through the model for what it outputs at their tokens: many to a batch, whosever they are, a batch to
 * a turn, and beside running streams no more than fits the time that they may wait. Jobs take turns too, so that a long
 * one does not hold up a short one for more than an input. Its context is made when first needed.
 */
export class InputRunner {
  readonly #parts: InputRunnerParts;
  readonly #options: InputContextOptions;
  readonly #budget: PromptBudget;
  /** The first is served first. */
  readonly #jobs: Job[] = [];
  readonly #rounds = createTurns();
  #made: InputContext | undefined;
  #closed = false;

  constructor(parts: InputRunnerParts, options: InputContextOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#budget = createPromptBudget({
      batchTokens: options.limits.batchTokens,
      efficientRows: parts.efficientRows,
    });
  }

  /** Makes the context, which else the first job does, and returns it, to look at. */
  async prepare(): Promise<Context> {
    const { context } = await this.#rounds.take(() => this.#contextFor(1));
    return context;
  }

  /** Inputs must have 1 to `limits.inputTokens` tokens of the vocabulary. Throws `signal`'s reason between batches. */
  run(inputs: readonly Int32Array[], signal: AbortSignal, read: ReadOutputs): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#jobs.push({ inputs, input: 0, token: 0, signal, read, resolve, reject });
    // Whoever comes while others are served is served with them, and finds nothing left to do.
    void this.#rounds.take(() => this.#serve());
    return promise;
  }

  /** Serves all jobs that there are, and those that come meanwhile. */
  async #serve(): Promise<void> {
    for (;;) {
      this.#dropEnded();
      const [first] = this.#jobs;
      if (first === undefined) {
        if (!this.#parts.isGenerating()) this.#parts.onIdle();
        return;
      }
      try {
        const made = await this.#contextFor(first.inputs[first.input]?.length ?? 0);
        await this.#parts.turns.take(() => this.#batch(made));
      } catch (error) {
        this.#end(first);
        first.reject(error);
      }
    }
  }

  async #batch(made: InputContext): Promise<void> {
    const { threads, isGenerating, onTokens } = this.#parts;
    const { context, batch } = made;
    // Nothing of other inputs may be left where these begin.
    if (this.#jobs.every(({ token }) => token === 0)) context.clear();
    batch.clear();
    const fitting = this.#jobs.filter(({ inputs, input }) => (inputs[input]?.length ?? 0) <= made.inputTokens);
    const budget = this.#budget.tokens(isGenerating());
    const { cuts } = this.#options.limits;
    const filled = fillInputs(batch, fitting, { budget, sequences: context.sequences, cuts });
    const begin = performance.now();
    try {
      await made.compute(threads().prefill);
      for (const [job, pieces] of filled) {
        job.read(context, pieces);
        advance(job, pieces);
      }
    } catch (error) {
      for (const job of filled.keys()) {
        this.#end(job);
        job.reject(error);
      }
    }
    this.#budget.observe(batch.size, performance.now() - begin);
    onTokens(batch.size);
    // The next is another's turn, unless an input is not whole yet.
    if (this.#jobs[0]?.token === 0) this.#jobs.push(...this.#jobs.splice(0, 1));
  }

  /** Lets go of jobs that are through, and of those that nobody waits for or that can no longer be served. */
  #dropEnded(): void {
    const isThrough = ({ inputs, input }: Job): boolean => input >= inputs.length;
    for (const job of this.#jobs.filter((one) => isThrough(one) || one.signal.aborted || this.#closed)) {
      this.#end(job);
      if (isThrough(job)) job.resolve();
      else job.reject(job.signal.aborted ? job.signal.reason : shuttingDown());
    }
  }

  #end(job: Job): void {
    const index = this.#jobs.indexOf(job);
    if (index >= 0) this.#jobs.splice(index, 1);
  }

  /** The context, which is made anew where it is too small for an input of so many tokens. */
  async #contextFor(tokens: number): Promise<InputContext> {
    if (this.#made !== undefined && this.#made.inputTokens >= tokens) return this.#made;
    await this.#made?.free();
    // When there is no memory for it, the next job may need less.
    this.#made = undefined;
    this.#made = await InputContext.create(this.#parts, this.#options, tokens);
    return this.#made;
  }

  /** Ends what runs with SHUTTING_DOWN after its batch, and frees the context. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#rounds.take(async () => this.#made?.free());
  }
}

function shuttingDown(): RpcError {
  return new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded", { retryAfterMs: 1000 });
}
