import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { EngineStats } from "../engine.ts";
import type { Draw } from "./draw.ts";
import { fillBatch } from "./fill-batch.ts";
import { tokenLogprob } from "./logprobs.ts";
import type { Batch } from "./native/batch.ts";
import type { Context } from "./native/context.ts";
import type { Sampler } from "./native/sampler.ts";
import type { Vocabulary } from "./native/vocabulary.ts";
import type { PromptBudget } from "./prompt-budget.ts";
import type { Run } from "./run.ts";
import { Sequence } from "./sequence.ts";
import { createSlots, placePrompt, type Slot } from "./slots.ts";
import type { Threads } from "./threads.ts";
import type { Turns } from "./turns.ts";

export interface StepLoopParts {
  readonly context: Context;
  readonly batch: Batch;
  readonly vocabulary: Vocabulary;
  readonly draw: Draw;
  /** Who may use the compute threads: the loop or the embedder, one at a time. */
  readonly turns: Turns;
  readonly promptBudget: PromptBudget;
  /** See fillBatch. */
  readonly maxBridge: number;
  /** The memory can be cut back to any earlier token (not so for recurrent models). */
  readonly canRewind: boolean;
  /** Builds a choice's sampler chain, which has seen the end of the prompt. */
  readonly chainFor: (run: Run, choice: number) => Sampler;
  /** Asked before each step. */
  readonly threads: () => Threads;
  readonly onStep: () => void;
}

/** A reader that is further behind than this holds its own sequence back. */
const maxUnread = 256;

/**
 * The one owner of the context: runs all sequences, one llama_decode a step. Between steps it frees what was abandoned
 * and gives free slots to those who wait, in order of arrival.
 */
export class StepLoop {
  readonly #parts: StepLoopParts;
  readonly #slots: Slot[];
  readonly #waiting: Run[] = [];
  #running: Sequence[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #ended: Promise<void>;
  readonly #counters = { decodeSteps: 0, decodedSequences: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  #threads = 0;

  constructor(parts: StepLoopParts) {
    this.#parts = parts;
    this.#slots = createSlots(parts.context.sequences);
    this.#ended = this.#loop();
  }

  submit(run: Run): void {
    if (this.#closed) throw new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded");
    this.#waiting.push(run);
    this.wake();
  }

  /** Nobody waits for this run any more. A no-op when it has finished. */
  abandon(run: Run): void {
    run.abandoned = true;
    this.wake();
  }

  /** Looks for work again: a reader has caught up, a run was abandoned. */
  wake(): void {
    this.#wake?.();
  }

  stats(): EngineStats {
    return {
      ...this.#counters,
      busySlots: this.#slots.filter((slot) => slot.busy).length,
      waiting: this.#waiting.length,
      kvCellsUsed: this.#slots.reduce((sum, slot) => sum + slot.tokens.length, 0),
      kvCells: this.#parts.context.cells,
      threads: this.#threads,
    };
  }

  /** Ends what runs or waits with SHUTTING_DOWN, and resolves when the context is no longer in use. */
  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#ended;
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      this.#dropAbandoned();
      this.#admit();
      const stepped = await this.#parts.turns.take(() => this.#step());
      if (stepped) this.#parts.onStep();
      else await this.#idle();
    }
    const error = new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded");
    for (const run of this.#waiting.splice(0)) run.outbox.fail(error);
    for (const sequence of this.#running) this.#fail(sequence.run, error);
    this.#dropAbandoned();
  }

  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const mayAct =
      this.#closed || [...this.#waiting, ...this.#running.map(({ run }) => run)].some((run) => run.abandoned);
    if (!mayAct && !this.#canAdmit() && this.#runnable().length === 0) {
      this.#parts.onStep();
      await promise;
    }
    this.#wake = undefined;
  }

  #runnable(): Sequence[] {
    return this.#running.filter((sequence) => sequence.run.outbox.size <= maxUnread);
  }

  #dropAbandoned(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) if (this.#waiting[i]?.abandoned) this.#waiting.splice(i, 1);
    for (const sequence of this.#running) if (sequence.run.abandoned) this.#release(sequence);
    this.#running = this.#running.filter((sequence) => sequence.phase !== "done");
  }

  #canAdmit(): boolean {
    const [first] = this.#waiting;
    return first !== undefined && this.#slots.filter((slot) => !slot.busy).length >= first.job.choices;
  }

  /** First come, first served: a run with many choices is not overtaken for ever. */
  #admit(): void {
    while (this.#canAdmit()) {
      const run = this.#waiting.shift();
      if (run !== undefined) this.#start(run);
    }
  }

  #start(run: Run): void {
    const { maxBridge, canRewind, vocabulary } = this.#parts;
    const { prompt, choices, cachePrompt } = run.job;
    let cachedTokens = 0;
    for (let choice = 0; choice < choices; choice++) {
      const reuse = cachePrompt && choice === 0;
      const placement = placePrompt(this.#slots, prompt, { maxBridge, reuse });
      if (placement === undefined) throw new Error("a run was admitted without a free slot for each choice");
      const { slot, keep, copyFrom } = placement;
      slot.busy = true;
      if (choice === 0) {
        if (copyFrom !== undefined && canRewind) this.#copy(copyFrom, slot);
        cachedTokens = this.#rewind(slot, Math.min(keep, slot.tokens.length));
      } else {
        this.#rewind(slot, 0);
      }
      const chain = this.#parts.chainFor(run, choice);
      const grammar = run.grammars[choice];
      const sequence = new Sequence({ run, choice, slot, chain, grammar, vocabulary });
      run.sequences.push(sequence);
      this.#running.push(sequence);
    }
    // llama.cpp joins sequences in ascending order only.
    this.#running.sort((a, b) => a.slot.id - b.slot.id);
    this.#counters.promptTokens += prompt.length;
    this.#counters.cachedTokens += cachedTokens;
    run.outbox.push({ type: "started", cachedTokens });
  }

  #copy(source: Slot, target: Slot): void {
    this.#parts.context.copySequence(source.id, target.id);
    target.tokens = source.tokens.slice();
  }

  /** Keeps the first `length` tokens of a slot, or none when its memory cannot be cut; returns how many were kept. */
  #rewind(slot: Slot, length: number): number {
    const { context } = this.#parts;
    if (length === slot.tokens.length) return length;
    const kept = context.forget(slot.id, length) ? length : 0;
    if (kept !== length) context.forget(slot.id, -1);
    slot.tokens.length = kept;
    return kept;
  }

  async #step(): Promise<boolean> {
    const { context, batch, promptBudget, maxBridge, canRewind } = this.#parts;
    const running = this.#runnable();
    const plan = fillBatch(batch, running, {
      slots: this.#slots,
      promptTokens: promptBudget.tokens(running.some((sequence) => sequence.phase === "decode")),
      maxBridge: canRewind ? maxBridge : 0,
      sequenceLength: context.sequenceLength,
    });
    if (batch.size === 0) return false;
    const threads = this.#parts.threads();
    this.#threads = plan.promptTokens > 0 ? threads.prefill : threads.decode;
    context.setThreads(this.#threads, this.#threads);

    const begin = performance.now();
    const code = await context.decode(batch);
    for (const slot of plan.bridges) context.forget(slot.id, slot.tokens.length);
    if (code !== 0) {
      this.#recover(
        code,
        plan.parts.map(({ sequence }) => sequence),
      );
      return true;
    }
    promptBudget.observe(plan.promptTokens, performance.now() - begin);
    for (const { sequence, tokens } of plan.parts) sequence.slot.tokens.push(...tokens);
    for (const { sequence, row } of plan.parts)
      if (row !== undefined && !sequence.run.abandoned) this.#draw(sequence, row);
    if (batch.rows > 0) this.#counters.decodeSteps++;
    return true;
  }

  #draw(sequence: Sequence, row: number): void {
    if (sequence.phase === "prefill") {
      // The prompt is done: every choice draws its first token from the same row.
      const [first, ...others] = sequence.run.sequences;
      for (const other of others) if (first !== undefined) this.#copy(first.slot, other.slot);
      for (const choice of sequence.run.sequences) this.#take(choice, row);
    } else {
      this.#take(sequence, row);
    }
  }

  #take(sequence: Sequence, row: number): void {
    const { context, vocabulary, draw } = this.#parts;
    const { run } = sequence;
    const token = draw(sequence, row);
    if (token === undefined) {
      const message =
        "no token can follow: the grammar and the other constraints (logit_bias, min_tokens) exclude each other";
      this.#fail(run, new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "response_format" }));
      return;
    }
    const top = run.job.topLogprobs;
    const logprob =
      top === undefined ? undefined : tokenLogprob(context.logits(row, vocabulary.size), { token, top, vocabulary });
    this.#counters.completionTokens++;
    this.#counters.decodedSequences++;
    if (sequence.take(token, logprob, context.sequenceLength)) return;
    this.#release(sequence);
    if (run.finished) run.outbox.end();
  }

  /** 1: the shared KV cache is full. Anything else: the step's work is lost, and with it the sequences of the step. */
  #recover(code: number, stepped: readonly Sequence[]): void {
    const { context } = this.#parts;
    for (const { slot } of stepped) context.forget(slot.id, slot.tokens.length);
    if (code === 1) {
      const idle = this.#slots.filter((slot) => !slot.busy && slot.tokens.length > 0);
      const [oldest] = idle.sort((a, b) => a.usedAt - b.usedAt);
      if (oldest !== undefined) {
        this.#rewind(oldest, 0);
        return;
      }
      const [largest] = [...stepped].sort((a, b) => b.slot.tokens.length - a.slot.tokens.length);
      const message = `the KV cache of ${context.cells} cells is full: raise n_ctx, or lower n_slots`;
      if (largest !== undefined) this.#fail(largest.run, new RpcError(ErrorReason.INSUFFICIENT_MEMORY, message));
      return;
    }
    const error = new RpcError(ErrorReason.INTERNAL, `llama_decode failed with ${code}`);
    for (const sequence of stepped) {
      this.#fail(sequence.run, error);
      this.#rewind(sequence.slot, 0);
    }
  }

  #fail(run: Run, error: RpcError): void {
    run.outbox.fail(error);
    this.abandon(run);
  }

  /** Its tokens stay in the slot, as a prefix for whoever comes next. */
  #release(sequence: Sequence): void {
    if (sequence.phase === "done") return;
    sequence.free();
    sequence.slot.busy = false;
    sequence.slot.usedAt = performance.now();
    this.#running = this.#running.filter((other) => other !== sequence);
  }
}
