import type { MediaSpan, TokenLogprob } from "../../engine.ts";
import { createStopMatcher } from "../../text/stream/stop-matcher.ts";
import { createUtf8Stream } from "../../text/stream/utf8-stream.ts";
import { GrammarMatcher } from "../../grammar/matcher/grammar-matcher.ts";
import type { Sampler } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { GenerateRequest } from "./generate-request.ts";
import type { Slot } from "../kv/slots.ts";
import { ReasoningBudget } from "../sampling/reasoning-budget.ts";

/**
 * - `prefill`: prompt tokens are still to be processed (for choices after the first: by the first)
 * - `decode`: `next` is the token to process in the next step
 * - `mask`: the tokens that its grammar allows next are still being found; it is sampled from `heldLogits` then
 * - `done`: its slot is free again
 */
export type Phase = "prefill" | "decode" | "mask" | "done";

export interface SequenceParts {
  readonly request: GenerateRequest;
  /** Those of all choices of the request, this one too. The first prefills the prompt; the others copy it. */
  readonly siblings: readonly Sequence[];
  readonly choice: number;
  readonly slot: Slot;
  readonly chain: Sampler;
  readonly vocabulary: SequenceVocabulary;
}

export type SequenceVocabulary = Pick<Vocabulary, "isEog" | "piece">;

/** What the end of a sequence brings with it. */
interface Ending {
  /** Text that was held back. Unset where a stop text swallowed it. */
  readonly rest?: string;
  readonly stopSequence?: string;
  readonly stopToken?: number;
  readonly endLogprob?: TokenLogprob;
}

/** One choice of a request in its slot: what to process next, and the text that comes out. */
export class Sequence {
  readonly request: GenerateRequest;
  readonly siblings: readonly Sequence[];
  readonly choice: number;
  readonly slot: Slot;
  readonly chain: Sampler;
  readonly grammar: GrammarMatcher | undefined;
  phase: Phase = "prefill";
  next = -1;
  /** A copy of what its next token is sampled from, while other sequences go on. */
  heldLogits: Float32Array | undefined;
  /** Draft tokens: what may follow `next`, to be checked in the next step. */
  draft: readonly number[] = [];
  generated = 0;
  readonly startedAt = performance.now();
  #firstTokenAt = 0;
  readonly #vocabulary: SequenceVocabulary;
  readonly #utf8 = createUtf8Stream();
  readonly #stops;
  /** Characters made of tokens so far, and those of them that were emitted. */
  #made = 0;
  #hasLine = false;
  #emitted = 0;
  readonly #reasoning: ReasoningBudget | undefined;
  /** Log-probabilities of tokens whose text is not out yet, with the number of characters after each. */
  readonly #pending: { readonly logprob: TokenLogprob; readonly end: number }[] = [];

  constructor(parts: SequenceParts) {
    this.request = parts.request;
    this.siblings = parts.siblings;
    this.choice = parts.choice;
    this.slot = parts.slot;
    this.chain = parts.chain;
    this.grammar = parts.request.grammar && new GrammarMatcher(parts.request.grammar);
    this.#vocabulary = parts.vocabulary;
    const { stop, reasoning } = parts.request.job;
    this.#stops = createStopMatcher(stop);
    this.#reasoning = reasoning && new ReasoningBudget(reasoning);
  }

  /** A token that must be taken next, whatever would be sampled. */
  forced(): number | undefined {
    return this.#reasoning?.next();
  }

  /** Tells how far the prefill has come, where the job wants to know. */
  reportProgress(): void {
    const { job, outbox } = this.request;
    if (job.reportProgress !== true) return;
    const elapsedMs = performance.now() - this.startedAt;
    outbox.push({ type: "progress", processedTokens: this.slot.tokens.length, elapsedMs });
  }

  /** How many prompt tokens are still to be processed. */
  get remainingPrompt(): number {
    return this.phase === "prefill" ? this.request.job.prompt.length - this.slot.tokens.length : 0;
  }

  /** The picture or sound, or part of one, that the prompt goes on with. */
  get nextMedia(): MediaSpan | undefined {
    const at = this.siblings[0]?.slot.tokens.length ?? 0;
    if (this.phase !== "prefill") return undefined;
    return this.request.job.media?.find(({ start, rows }) => start <= at && at < start + rows);
  }

  /** How many prompt tokens can be processed before a picture or sound comes. */
  get remainingText(): number {
    const at = this.slot.tokens.length;
    const end = this.request.job.media?.find(({ start, rows }) => start + rows > at)?.start;
    return end === undefined ? this.remainingPrompt : Math.max(0, Math.min(end - at, this.remainingPrompt));
  }

  /**
   * Accepts a sampled token: emits the text it completes, and the end when it is one. `contextLength` is what the slot can
   * hold. Returns whether the sequence goes on.
   */
  accept(token: number, logprob: TokenLogprob | undefined, contextLength: number): boolean {
    const { job } = this.request;
    if (this.generated === 0) this.#firstTokenAt = performance.now();
    this.generated++;
    if (this.#vocabulary.isEog(token)) {
      return this.#finish("stop", { rest: this.#flush(), ...(logprob && { endLogprob: logprob }) });
    }
    const isStopToken = this.generated > job.minTokens && job.stopTokens?.includes(token) === true;
    if (isStopToken && job.showStopToken !== true) {
      return this.#finish("stop", { rest: this.#flush(), stopToken: token, ...(logprob && { endLogprob: logprob }) });
    }

    const text = this.#utf8.push(this.#vocabulary.piece(token, job.keepSpecial));
    this.#made += text.length;
    this.#reasoning?.push(text);
    if (logprob !== undefined) this.#pending.push({ logprob, end: this.#made });
    const { emit, stopped } = this.#stops.push(text);
    const isShown = stopped !== undefined && job.shownStops?.includes(stopped) === true;
    // The token that the stop text ends in may have more text: it is told where the stop text is.
    this.#emit(isShown ? emit + stopped : emit, isShown);
    if (stopped !== undefined) return this.#finish("stop", { stopSequence: stopped });
    if (isStopToken) return this.#finish("stop", { rest: this.#flush(), stopToken: token });
    this.#hasLine ||= text.includes("\n");
    if (this.#isLate()) return this.#finish("late", { rest: this.#flush() });
    if (this.generated === job.maxTokens) return this.#finish("length", { rest: this.#flush() });
    // The token sampled now still needs a cell.
    if (this.slot.tokens.length >= contextLength) return this.#finish("length", { rest: this.#flush() });
    this.next = token;
    this.phase = "decode";
    return true;
  }

  /** Sits out until its grammar's mask is there. */
  hold(logits: Float32Array): void {
    this.heldLogits ??= logits.slice();
    this.draft = [];
    this.phase = "mask";
  }

  #isLate(): boolean {
    const { maxDecodeMs } = this.request.job;
    return maxDecodeMs !== undefined && this.#hasLine && performance.now() - this.#firstTokenAt > maxDecodeMs;
  }

  #flush(): string {
    const rest = this.#utf8.end();
    const { emit, stopped } = this.#stops.push(rest);
    return stopped === undefined ? emit + this.#stops.end() : emit;
  }

  #emit(text: string, all: boolean): void {
    this.#emitted += text.length;
    const out = this.#pending.findIndex(({ end }) => !all && end > this.#emitted);
    const logprobs = this.#pending.splice(0, out < 0 ? this.#pending.length : out).map(({ logprob }) => logprob);
    if (text === "" && logprobs.length === 0) return;
    this.request.outbox.push({
      type: "text",
      choice: this.choice,
      text,
      completionTokens: this.generated,
      logprobs,
    });
  }

  #finish(reason: "stop" | "length" | "late", { rest, stopSequence, stopToken, endLogprob }: Ending): false {
    // What a found stop text swallowed has no place in the answer, nor have its tokens.
    if (rest !== undefined) this.#emit(rest, true);
    const now = performance.now();
    this.request.outbox.push({
      type: "finished",
      choice: this.choice,
      reason,
      stopSequence,
      ...(stopToken !== undefined && { stopToken }),
      completionTokens: this.generated,
      ...(endLogprob && { endLogprob }),
      timings: {
        startedAt: performance.timeOrigin + this.request.arrivedAt,
        queueMs: this.startedAt - this.request.arrivedAt,
        prefillMs: this.#firstTokenAt - this.startedAt,
        decodeMs: now - this.#firstTokenAt,
      },
    });
    return false;
  }

  free(): void {
    this.phase = "done";
    this.chain.free();
  }
}
