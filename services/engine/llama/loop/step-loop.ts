import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { EngineStats, SlotState } from "../../engine.ts";
import type { Threads } from "../cpu/threads.ts";
import type { Context } from "../native/context.ts";
import type { Slot } from "../kv/slots.ts";
import type { Sample } from "../sampling/sample.ts";
import type { Drafter } from "../speculation/drafter.ts";
import { AdapterTurns } from "./adapter-turns.ts";
import { Admission, type AdmissionParts } from "./admission.ts";
import { acceptHeld, acceptTokens, type AcceptTokensParts } from "./accept-tokens.ts";
import type { DecodePlacing } from "./decode-placing.ts";
import { type FillableBatch, fillBatch, type StepPlan } from "./fill-batch.ts";
import type { GenerateRequest } from "./generate-request.ts";
import type { MediaSteps } from "./media-steps.ts";
import type { PromptBudget } from "./prompt-budget.ts";
import type { Sequence } from "./sequence.ts";
import { slotStates } from "./slot-states.ts";
import { createStepClock } from "./step-clock.ts";

export interface StepLoopParts extends Pick<AdmissionParts, "memory" | "turns" | "chainFor"> {
  readonly context: Pick<
    Context,
    "decode" | "decodeHere" | "setThreads" | "useAdapters" | "logits" | "cells" | "sequenceLength"
  >;
  readonly batch: FillableBatch;
  /** undefined: the model takes text alone. */
  readonly media: MediaSteps | undefined;
  readonly vocabulary: AcceptTokensParts["vocabulary"];
  readonly sample: Sample;
  readonly drafter: Drafter | undefined;
  readonly promptBudget: PromptBudget;
  readonly placing: DecodePlacing;
  /** See fillBatch. */
  readonly maxPaddingRows: number;
  /** Asked before each step. */
  readonly threads: () => Threads;
  /** There is nothing to do for now. */
  readonly onIdle: () => void;
  readonly onStep: () => void;
  readonly warn: (message: string) => void;
}

/** What the masks of grammars may take of a step, all sequences together. */
const maskMs = 2;
/** In UTF-16 units: a reader that is further behind than this holds its own sequence back. */
const maxUnread = 1024;

/**
 * The one owner of the context: runs all sequences, one llama_decode a step. Between steps it frees what was abandoned
 * and gives free slots to those who wait, in order of arrival. What a step sampled is delivered when the next decode has
 * begun, so that readers and sockets take no time from it. An error ends what it concerns: a request that cannot begin,
 * a sequence that cannot go on, the sequences of a step that failed; the loop goes on.
 */
export class StepLoop {
  readonly #parts: StepLoopParts;
  readonly #acceptParts: AcceptTokensParts;
  readonly #admission: Admission;
  /** In ascending order of their slots: llama.cpp joins sequences in that order only. */
  #running: Sequence[] = [];
  /** Whose last events are still to be delivered. */
  readonly #ended: GenerateRequest[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #done: Promise<void>;
  readonly #clock = createStepClock();
  readonly #adapterTurns = new AdapterTurns();
  readonly #counters = { decodeSteps: 0, decodedSequences: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  #threads = 0;
  #maskDeadline = 0;

  constructor(parts: StepLoopParts) {
    this.#parts = parts;
    this.#admission = new Admission({
      ...parts,
      onStarted: (request, sequences) => this.#started(request, sequences),
      onFailed: (request, error) => this.fail(request, error),
      onReady: () => this.wake(),
    });
    this.#acceptParts = {
      ...parts,
      maskDeadline: () => this.#maskDeadline,
      onFinished: (sequence) => this.#finish(sequence),
      onDeadEnd: ({ request }) => this.fail(request, deadEnd()),
    };
    this.#done = this.#loop();
  }

  submit(request: GenerateRequest): void {
    if (this.#closed) throw shuttingDown();
    this.#admission.add(request);
    this.wake();
  }

  /** Nobody waits for this request any more. A no-op when it has finished. */
  abandon(request: GenerateRequest): void {
    request.abandoned = true;
    this.wake();
  }

  /** Looks for work again: a reader has caught up, a request was abandoned. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends a request with an error. */
  fail(request: GenerateRequest, error: unknown): void {
    request.outbox.fail(error);
    this.abandon(request);
  }

  /** Whether there are streams that wait for the next step. */
  get isDecoding(): boolean {
    return this.#running.some(({ phase }) => phase === "decode" || phase === "mask");
  }

  stats(): EngineStats {
    const { memory, context } = this.#parts;
    return {
      ...this.#counters,
      ...this.#clock.totals(),
      busySlots: memory.busy,
      waiting: this.#admission.waiting.length,
      kvCellsUsed: memory.cellsUsed,
      kvCells: context.cells,
      promptCache: memory.cacheStats,
      threads: this.#threads,
    };
  }

  slots(): SlotState[] {
    return slotStates(this.#parts.memory.slots, this.#running);
  }

  /** Ends what runs or waits with SHUTTING_DOWN, and resolves when the context is no longer in use. */
  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#done;
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#dropAbandoned();
        // Who is let in touches the context, which somebody else may have until the turn begins.
        const stepped = await this.#parts.turns.take(() => {
          this.#admission.admit();
          return this.#step();
        });
        if (stepped) this.#parts.onStep();
        else await this.#idle();
      } catch (error) {
        // A bug of ours: nobody knows what is true of the slots, so all of them begin anew.
        this.#failAll(error);
      }
    }
    await this.#admission.settled();
    this.#failAll(shuttingDown());
  }

  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#clock.idle();
    this.#deliver();
    const requests = [...this.#admission.waiting, ...this.#running.map(({ request }) => request)];
    const mayAct =
      this.#closed ||
      requests.some((request) => request.abandoned) ||
      this.#admission.canAdmit ||
      this.#running.some((sequence) => this.#canGoOn(sequence));
    if (!mayAct) {
      this.#parts.onStep();
      this.#parts.onIdle();
      await promise;
    }
    this.#wake = undefined;
  }

  #canGoOn(sequence: Sequence): boolean {
    return sequence.phase !== "done" && keepsUp(sequence.request) && this.#parts.media?.isWaiting(sequence) !== true;
  }

  /** Wakes the readers of what the last step gave. */
  #deliver(): void {
    for (const { request } of this.#running) request.outbox.deliver();
    for (const request of this.#ended.splice(0)) request.outbox.deliver();
  }

  #dropAbandoned(): void {
    this.#admission.dropAbandoned();
    for (const sequence of this.#running) if (sequence.request.abandoned) this.#release(sequence);
  }

  #started(request: GenerateRequest, sequences: readonly Sequence[]): void {
    this.#running = [...this.#running, ...sequences].sort((a, b) => a.slot.id - b.slot.id);
    const [first] = sequences;
    const cachedTokens = first?.slot.tokens.length ?? 0;
    this.#counters.promptTokens += request.job.prompt.length;
    this.#counters.cachedTokens += cachedTokens;
    this.#parts.media?.begin(request, cachedTokens);
    request.outbox.push({ type: "started", cachedTokens, slot: first?.slot.id ?? 0 });
  }

  /** Returns whether there was anything to do. */
  async #step(): Promise<boolean> {
    const { context, memory, batch, media, promptBudget, maxPaddingRows } = this.#parts;
    const running = this.#running.filter(({ request }) => !request.abandoned && keepsUp(request));
    // Streams of other adapters wait for this step too.
    const promptTokens = promptBudget.tokens(running.some(({ phase }) => phase === "decode"));
    const together = this.#adapterTurns.choose(
      running.filter((sequence) => sequence.phase !== "mask" && media?.isWaiting(sequence) !== true),
    );
    const decoding = together.filter((sequence) => sequence.phase === "decode");
    await this.#draft(decoding, promptTokens);
    const { sequenceLength } = context;
    const { slots } = memory;
    const positionOf = (slot: Slot): number => memory.positionOf(slot);
    const plan =
      media?.plan(together, promptTokens) ??
      fillBatch(batch, together, { slots, promptTokens, maxPaddingRows, sequenceLength, positionOf });
    if (plan.batch.size === 0) return this.#acceptHeld(running);
    try {
      await this.#decode(plan, running);
    } catch (error) {
      for (const { sequence } of plan.parts) this.#drop(sequence, error);
    }
    return true;
  }

  async #decode(plan: StepPlan, running: readonly Sequence[]): Promise<void> {
    const { memory, promptBudget } = this.#parts;
    const { code, ms } = await this.#compute(plan);
    for (const slot of plan.padded) memory.truncate(slot);
    if (code !== 0) return this.#recover(code, plan);
    promptBudget.observe(plan.promptTokens, ms);
    const held = running.filter(({ phase }) => phase === "mask");
    this.#maskDeadline = performance.now() + maskMs;
    for (const part of plan.parts) {
      const sampled = this.#accept(part.sequence, () => acceptTokens(this.#acceptParts, part));
      if (sampled > 0) this.#counters.decodedSequences++;
    }
    for (const sequence of held) this.#accept(sequence, () => acceptHeld(this.#acceptParts, sequence));
    if (plan.batch.rows > 0) this.#counters.decodeSteps++;
  }

  /** Runs llama_decode, and delivers what the last step sampled: meanwhile, or first where this thread computes. */
  async #compute({ parts, promptTokens, batch, isCausal }: StepPlan): Promise<{ code: number; ms: number }> {
    const { context, placing } = this.#parts;
    const { prefill, decode } = this.#parts.threads();
    const threads = promptTokens > 0 ? prefill : decode;
    this.#threads = threads;
    context.setThreads(threads, threads);
    context.useAdapters(parts[0]?.sequence.request.adapters);
    const isHere = isCausal && placing.choose({ promptTokens, threads }) === "here";
    if (isHere) {
      this.#deliver();
      await new Promise(setImmediate);
    }
    this.#clock.begin();
    const computing = isHere ? context.decodeHere(batch) : context.decode(batch, { isCausal });
    if (!isHere) this.#deliver();
    const code = await computing;
    const ms = this.#clock.end();
    placing.observe({ promptTokens, threads }, ms);
    return { code, ms };
  }

  /** There is nothing to decode: goes on with the sequences that wait for a mask. Returns whether there are any. */
  async #acceptHeld(running: readonly Sequence[]): Promise<boolean> {
    const held = running.filter(({ phase }) => phase === "mask");
    this.#maskDeadline = performance.now() + maskMs;
    for (const sequence of held) this.#accept(sequence, () => acceptHeld(this.#acceptParts, sequence));
    // Sockets, timers and other sequences have their turn.
    if (held.length > 0) await new Promise(setImmediate);
    return held.length > 0;
  }

  /** Counts the tokens that `accept` samples. What goes wrong with one sequence is not the others'. */
  #accept(sequence: Sequence, accept: () => number): number {
    try {
      const sampled = accept();
      this.#counters.completionTokens += sampled;
      return sampled;
    } catch (error) {
      this.#drop(sequence, error);
      return 0;
    }
  }

  /** Without a draft a step gives one token less, and nothing else is lost. */
  async #draft(decoding: readonly Sequence[], budget: number): Promise<void> {
    const { drafter, warn } = this.#parts;
    try {
      await drafter?.draft(decoding, budget);
    } catch (error) {
      for (const sequence of decoding) sequence.draft = [];
      warn(`no tokens are drafted in this step: ${error instanceof Error ? error.message : String(error)}`);
      drafter?.reset();
    }
  }

  #finish(sequence: Sequence): void {
    this.#release(sequence);
    if (sequence.siblings.some(({ phase }) => phase !== "done")) return;
    sequence.request.outbox.end();
    this.#ended.push(sequence.request);
  }

  /** 1: the KV cache that the slots share is full. Anything else: the step's work is lost, and with it its sequences. */
  #recover(code: number, { parts }: StepPlan): void {
    const { memory, context } = this.#parts;
    if (code !== 1) throw new RpcError(ErrorReason.INTERNAL, `llama_decode failed with ${code}`);
    for (const { sequence } of parts) memory.truncate(sequence.slot);
    if (memory.evictIdle()) return;
    const length = ({ sequence, tokens }: StepPlan["parts"][number]) => sequence.slot.tokens.length + tokens.length;
    const [largest] = parts.toSorted((a, b) => length(b) - length(a));
    const message = `the KV cache of ${context.cells} tokens, which all slots share, is full: raise n_ctx or lower n_slots`;
    if (largest !== undefined)
      this.fail(largest.sequence.request, new RpcError(ErrorReason.INSUFFICIENT_MEMORY, message));
  }

  /** Nobody knows what the memory holds of it: its slot is emptied. */
  #drop({ request, slot }: Sequence, error: unknown): void {
    this.fail(request, error);
    this.#parts.memory.truncate(slot, 0);
  }

  #failAll(error: unknown): void {
    for (const request of this.#admission.waiting) this.fail(request, error);
    for (const sequence of this.#running) this.#drop(sequence, error);
    this.#dropAbandoned();
  }

  #release(sequence: Sequence): void {
    sequence.free();
    this.#parts.memory.release(sequence.slot);
    this.#running = this.#running.filter((other) => other !== sequence);
  }
}

function keepsUp({ outbox }: GenerateRequest): boolean {
  return outbox.size <= maxUnread;
}

function deadEnd(): RpcError {
  const message = "no token can follow: the grammar and other constraints (logit_bias, min_tokens) exclude each other";
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "response_format" });
}

function shuttingDown(): RpcError {
  return new RpcError(ErrorReason.SHUTTING_DOWN, "the model is being unloaded", { retryAfterMs: 1000 });
}
