import type { Context } from "../native/context.ts";
import type { Exchange, PromptCache, PromptCacheStats } from "./prompt-cache.ts";
import { positionAfter } from "./media-tokens.ts";
import {
  createSlots,
  findDonor,
  type PlaceOptions,
  placePrompt,
  reusablePrefix,
  reusableTokens,
  type Slot,
} from "./slots.ts";

export type MemoryContext = Pick<Context, "sequences" | "seqRm" | "seqCp">;

export interface SlotMemoryOptions {
  /** The memory can be cut back to any earlier token (not so for recurrent models). */
  readonly canTruncate: boolean;
  /** See fillBatch. */
  readonly maxPaddingRows: number;
  /** Whether a picture has fewer positions than rows (M-RoPE). */
  readonly hasMediaPositions: boolean;
  /** The adapters, as in a slot, whose states may be in `cache`; unset: there are none. */
  readonly cachedAdapters?: string;
  /** Where prompts go that lose their slot. */
  readonly cache: Pick<PromptCache, "plan" | "stats"> | undefined;
}

/** A slot that a prompt has taken. */
export interface TakenSlot {
  readonly slot: Slot;
  /** What is to be done before `fit`; undefined: nothing. */
  readonly exchange: Exchange | undefined;
}

/**
 * The slots and the context's memory behind them, kept equal: what a slot's tokens say is what the memory holds. Every
 * method but `take` and `release` touches the context, so none is called while it decodes.
 */
export class SlotMemory {
  readonly slots: readonly Slot[];
  readonly #context: MemoryContext;
  readonly #options: SlotMemoryOptions;

  constructor(context: MemoryContext, options: SlotMemoryOptions) {
    this.#context = context;
    this.#options = options;
    this.slots = createSlots(context.sequences);
  }

  get busy(): number {
    return this.slots.filter((slot) => slot.busy).length;
  }

  get cellsUsed(): number {
    return this.slots.reduce((sum, slot) => sum + slot.tokens.length, 0);
  }

  get cacheStats(): PromptCacheStats {
    return this.#options.cache?.stats ?? { hits: 0, misses: 0, bytes: 0 };
  }

  /** Takes the best free slot for a prompt. A slot must be free. */
  take(prompt: Int32Array, { reuse, preferred, adapters = "" }: Omit<PlaceOptions, "maxPaddingRows">): TakenSlot {
    const { maxPaddingRows, canTruncate, cache, cachedAdapters = "" } = this.#options;
    const slot = placePrompt(this.slots, prompt, { maxPaddingRows, reuse, preferred, adapters });
    if (slot === undefined) throw new Error("a prompt was admitted without a free slot");
    slot.busy = true;
    const own = reuse ? reusablePrefix(reusableTokens(slot, adapters), prompt) : 0;
    const donor = reuse ? findDonor(this.slots, slot, { prompt, adapters }) : undefined;
    const have = donor === undefined ? own : reusablePrefix(donor.tokens, prompt);
    const keep = donor === undefined ? own : 0;
    const saves = slot.adapters === cachedAdapters;
    const reads = reuse && adapters === cachedAdapters;
    return { slot, exchange: cache?.plan(slot, prompt, { have, keep, reads, saves, adapters, whole: !canTruncate }) };
  }

  /** Leaves in a taken slot only what its prompt begins with, copied from another slot where that has more of it. */
  fit(slot: Slot, prompt: Int32Array, { reuse, adapters = "" }: Pick<PlaceOptions, "reuse" | "adapters">): void {
    const donor = reuse && this.#options.canTruncate ? findDonor(this.slots, slot, { prompt, adapters }) : undefined;
    if (donor !== undefined) this.copy(donor, slot);
    this.truncate(slot, reuse ? reusablePrefix(reusableTokens(slot, adapters), prompt) : 0);
    slot.adapters = adapters;
  }

  /** Its tokens stay, as a prefix for whoever comes next. */
  release(slot: Slot): void {
    slot.busy = false;
    slot.usedAt = performance.now();
  }

  /** The position of what comes after the tokens of a slot, or after the first of them. */
  positionOf({ tokens }: Slot, length = tokens.length): number {
    return this.#options.hasMediaPositions ? positionAfter(tokens, length) : length;
  }

  copy(source: Slot, target: Slot): void {
    this.#context.seqCp(source.id, target.id);
    target.tokens = source.tokens.slice();
    target.adapters = source.adapters;
  }

  /**
   * Keeps the first `length` tokens of a slot, or none when its memory cannot be cut. By default all of its tokens: what
   * goes then are cells beyond them, of a step that failed or of padding rows.
   */
  truncate(slot: Slot, length = slot.tokens.length): void {
    const isCut = this.#context.seqRm(slot.id, this.positionOf(slot, length));
    if (!isCut) this.#context.seqRm(slot.id, -1);
    slot.tokens.length = isCut ? length : 0;
  }

  /** Empties the idle slot unused for longest; false when all of them are empty. */
  evictIdle(): boolean {
    const [oldest] = this.slots
      .filter((slot) => !slot.busy && slot.tokens.length > 0)
      .sort((a, b) => a.usedAt - b.usedAt);
    if (oldest === undefined) return false;
    this.truncate(oldest, 0);
    return true;
  }
}
