import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { fillInputs, type Piece, type Place, placeAfter } from "./fill-inputs.ts";
import { InputContext, type InputContextOptions, type InputContextParts } from "./input-context.ts";
import type { Context } from "./native/context.ts";
import { createPromptBudget, type PromptBudget } from "./prompt-budget.ts";
import type { Threads } from "./threads.ts";
import { createTurns, type Turns } from "./turns.ts";

export interface InputRunnerParts extends InputContextParts {
  readonly threads: () => Threads;
  /** Who may use the compute threads. */
  readonly turns: Turns;
  /** Whether streams run that wait for their next token. */
  readonly isGenerating: () => boolean;
  /** Told after each batch how many tokens it had. */
  readonly onTokens: (tokens: number) => void;
}

/** Takes what it needs of a batch's outputs, which are gone when it returns. */
export type ReadOutputs = (context: Context, pieces: readonly Piece[]) => void;

/**
 * Runs token lists through the model for what it outputs at their tokens: many to a batch, a batch to a turn, and
 * beside running streams no more than fits the time that they may wait. Its context is made when first needed. Jobs that
 * run at once take turns too.
 */
export class InputRunner {
  readonly #parts: InputRunnerParts;
  readonly #options: InputContextOptions;
  readonly #budget: PromptBudget;
  /** Whose inputs are in the context: a job's, until those that it has begun are whole. */
  readonly #users = createTurns();
  #made: InputContext | undefined;
  #closed = false;

  constructor(parts: InputRunnerParts, options: InputContextOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#budget = createPromptBudget(options.limits.batchTokens);
  }

  /** Makes the context, which else the first job does. */
  async prepare(): Promise<void> {
    await this.#users.take(() => this.#contextFor(1));
  }

  /** Inputs must have 1 to `limits.inputTokens` tokens of the vocabulary. Throws `signal`'s reason between batches. */
  async run(inputs: readonly Int32Array[], signal: AbortSignal, read: ReadOutputs): Promise<void> {
    let place: Place = { input: 0, token: 0 };
    while (place.input < inputs.length) {
      await this.#users.take(async () => {
        do {
          signal.throwIfAborted();
          const made = await this.#contextFor(inputs[place.input]?.length ?? 0);
          place = await this.#parts.turns.take(() => this.#turn(made, { inputs, place, read }));
        } while (place.token > 0);
      });
    }
  }

  async #turn(
    made: InputContext,
    { inputs, place, read }: { inputs: readonly Int32Array[]; place: Place; read: ReadOutputs },
  ): Promise<Place> {
    const { threads, isGenerating, onTokens } = this.#parts;
    const { context, batch } = made;
    // Nothing of other inputs may be left where these begin.
    if (place.token === 0) context.clear();
    batch.clear();
    const pieces = fillInputs(batch, inputs, place, {
      budget: this.#budget.tokens(isGenerating()),
      sequences: context.sequences,
      cuts: this.#options.limits.cuts,
    });
    const begin = performance.now();
    await made.compute(threads().prefill);
    read(context, pieces);
    this.#budget.observe(batch.size, performance.now() - begin);
    onTokens(batch.size);
    return placeAfter(place, pieces);
  }

  /** The context, which is made anew where it is too small for an input of so many tokens. */
  async #contextFor(tokens: number): Promise<InputContext> {
    if (this.#closed) {
      throw new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded", { retryAfterMs: 1000 });
    }
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
    return this.#users.take(async () => this.#made?.free());
  }
}
