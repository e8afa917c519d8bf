import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { EngineStats, SlotState } from "../../engine.ts";
import type { Drafter } from "../speculation/drafter.ts";
import type { Sample } from "../sampling/sample.ts";
import { fillBatch } from "./fill-batch.ts";
import type { Batch } from "../native/batch.ts";
import type { Context } from "../native/context.ts";
import type { Sampler } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { PromptBudget } from "./prompt-budget.ts";
import type { GenerateRequest } from "./generate-request.ts";
import { Sequence } from "./sequence.ts";
import type { SlotMemory } from "../kv/slot-memory.ts";
import { acceptTokens, type AcceptTokensParts } from "./accept-tokens.ts";
import type { Threads } from "../cpu/threads.ts";
import type { Turns } from "./turns.ts";

export interface StepLoopParts {
  readonly context: Context;
  readonly memory: SlotMemory;
  readonly batch: Batch;
  readonly vocabulary: Vocabulary;
  readonly sample: Sample;
  readonly drafter: Drafter | undefined;
  /** Who may use the compute threads: the loop or the embedder, one at a time. */
  readonly turns: Turns;
  readonly promptBudget: PromptBudget;
  /** See fillBatch. */
  readonly maxPaddingRows: number;
  /** Builds a choice's sampler chain, which has seen the end of the prompt. */
  readonly chainFor: (request: GenerateRequest, choice: number) => Sampler;
  /** Asked before each step. */
  readonly threads: () => Threads;
  /** There is nothing to do for now. */
  readonly onIdle: () => void;
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
  readonly #acceptParts: AcceptTokensParts;
  readonly #waiting: GenerateRequest[] = [];
  /** In ascending order of their slots: llama.cpp joins sequences in that order only. */
  #running: Sequence[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #ended: Promise<void>;
  readonly #counters = { decodeSteps: 0, decodedSequences: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  #threads = 0;

  constructor(parts: StepLoopParts) {
    this.#parts = parts;
    this.#acceptParts = {
      ...parts,
      onFinished: (sequence) => this.#finish(sequence),
      onDeadEnd: (sequence) => this.#deadEnd(sequence),
    };
    this.#ended = this.#loop();
  }

  submit(request: GenerateRequest): void {
    if (this.#closed) throw shuttingDown();
    this.#waiting.push(request);
    this.wake();
  }

  /** Nobody waits for this run any more. A no-op when it has finished. */
  abandon(request: GenerateRequest): void {
    request.abandoned = true;
    this.wake();
  }

  /** Looks for work again: a reader has caught up, a run was abandoned. */
  wake(): void {
    this.#wake?.();
  }

  stats(): EngineStats {
    const { memory, context } = this.#parts;
    return {
      ...this.#counters,
      busySlots: memory.busy,
      waiting: this.#waiting.length,
      kvCellsUsed: memory.cellsUsed,
      kvCells: context.cells,
      promptCache: memory.cacheStats,
      threads: this.#threads,
    };
  }

  slots(): SlotState[] {
    const running = new Map(this.#running.map((sequence) => [sequence.slot, sequence]));
    return this.#parts.memory.slots.map((slot) => {
      const sequence = running.get(slot);
      return {
        id: slot.id,
        busy: slot.busy,
        tokens: slot.tokens.length,
        promptTokens: sequence?.request.job.prompt.length ?? 0,
        completionTokens: sequence?.generated ?? 0,
      };
    });
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
      await this.#admit();
      const stepped = await this.#parts.turns.take(() => this.#step());
      if (stepped) this.#parts.onStep();
      else await this.#idle();
    }
    for (const request of this.#waiting.splice(0)) request.outbox.fail(shuttingDown());
    for (const { request } of this.#running) this.#fail(request, shuttingDown());
    this.#dropAbandoned();
  }

  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const requests = [...this.#waiting, ...this.#running.map(({ request }) => request)];
    const mayAct =
      this.#closed || requests.some((request) => request.abandoned) || this.#canAdmit() || this.#readable().length > 0;
    if (!mayAct) {
      this.#parts.onStep();
      this.#parts.onIdle();
      await promise;
    }
    this.#wake = undefined;
  }

  /** Those whose reader keeps up. */
  #readable(): Sequence[] {
    return this.#running.filter((sequence) => sequence.request.outbox.size <= maxUnread);
  }

  #dropAbandoned(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) if (this.#waiting[i]?.abandoned) this.#waiting.splice(i, 1);
    for (const sequence of this.#running) if (sequence.request.abandoned) this.#release(sequence);
  }

  #canAdmit(): boolean {
    const [first] = this.#waiting;
    const { memory } = this.#parts;
    return first !== undefined && memory.slots.length - memory.busy >= first.job.choices;
  }

  /** First come, first served: a run with many choices is not overtaken for ever. */
  async #admit(): Promise<void> {
    while (this.#canAdmit()) {
      const request = this.#waiting.shift();
      if (request !== undefined) await this.#start(request);
    }
  }

  async #start(request: GenerateRequest): Promise<void> {
    const { memory, vocabulary, chainFor } = this.#parts;
    const { prompt, choices, cachePrompt, slot: preferred } = request.job;
    for (let choice = 0; choice < choices; choice++) {
      const slot = await memory.take(prompt, {
        reuse: cachePrompt && choice === 0,
        preferred: choice === 0 ? preferred : undefined,
      });
      const grammar = request.grammars[choice];
      request.sequences.push(
        new Sequence({ request, choice, slot, chain: chainFor(request, choice), grammar, vocabulary }),
      );
    }
    this.#running = [...this.#running, ...request.sequences].sort((a, b) => a.slot.id - b.slot.id);
    const [first] = request.sequences;
    const cachedTokens = first?.slot.tokens.length ?? 0;
    this.#counters.promptTokens += prompt.length;
    this.#counters.cachedTokens += cachedTokens;
    request.outbox.push({ type: "started", cachedTokens, slot: first?.slot.id ?? 0 });
  }

  /** Returns whether there was anything to do. */
  async #step(): Promise<boolean> {
    const { context, memory, batch, drafter, promptBudget, maxPaddingRows } = this.#parts;
    const running = this.#readable();
    await drafter?.draft(running.filter((sequence) => sequence.phase === "decode"));
    const plan = fillBatch(batch, running, {
      slots: memory.slots,
      promptTokens: promptBudget.tokens(running.some((sequence) => sequence.phase === "decode")),
      maxPaddingRows,
      sequenceLength: context.sequenceLength,
    });
    if (batch.size === 0) return false;
    const threads = this.#parts.threads();
    this.#threads = plan.promptTokens > 0 ? threads.prefill : threads.decode;
    context.setThreads(this.#threads, this.#threads);

    const begin = performance.now();
    const code = await context.decode(batch);
    for (const slot of plan.padded) memory.truncate(slot);
    if (code !== 0) {
      this.#recover(
        code,
        plan.parts.map(({ sequence }) => sequence),
      );
      return true;
    }
    promptBudget.observe(plan.promptTokens, performance.now() - begin);
    const sampled = plan.parts.map((part) => acceptTokens(this.#acceptParts, part));
    this.#counters.completionTokens += sampled.reduce((sum, tokens) => sum + tokens, 0);
    this.#counters.decodedSequences += sampled.filter((tokens) => tokens > 0).length;
    if (batch.rows > 0) this.#counters.decodeSteps++;
    return true;
  }

  #deadEnd({ request }: Sequence): void {
    const message =
      "no token can follow: the grammar and other constraints (logit_bias, min_tokens) exclude each other";
    this.#fail(request, new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "response_format" }));
  }

  #finish(sequence: Sequence): void {
    this.#release(sequence);
    if (sequence.request.finished) sequence.request.outbox.end();
  }

  /** 1: the KV cache that the slots share is full. Anything else: the step's work is lost, and with it its sequences. */
  #recover(code: number, stepped: readonly Sequence[]): void {
    const { memory, context } = this.#parts;
    for (const { slot } of stepped) memory.truncate(slot);
    if (code === 1) {
      if (memory.evictIdle()) return;
      const [largest] = [...stepped].sort((a, b) => b.slot.tokens.length - a.slot.tokens.length);
      const message = `the KV cache of ${context.cells} tokens, which all slots share, is full: raise n_ctx or lower n_slots`;
      if (largest !== undefined) this.#fail(largest.request, new RpcError(ErrorReason.INSUFFICIENT_MEMORY, message));
      return;
    }
    for (const { request, slot } of stepped) {
      this.#fail(request, new RpcError(ErrorReason.INTERNAL, `llama_decode failed with ${code}`));
      memory.truncate(slot, 0);
    }
  }

  #fail(request: GenerateRequest, error: RpcError): void {
    request.outbox.fail(error);
    this.abandon(request);
  }

  #release(sequence: Sequence): void {
    sequence.free();
    this.#parts.memory.release(sequence.slot);
    this.#running = this.#running.filter((other) => other !== sequence);
  }
}

function shuttingDown(): RpcError {
  return new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded", { retryAfterMs: 1000 });
}
