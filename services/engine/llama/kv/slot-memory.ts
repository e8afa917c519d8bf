import type { Context } from "../native/context.ts";
import { commonPrefix, createSlots, placePrompt, type Slot } from "./slots.ts";
import type { PromptCache, PromptCacheStats } from "./prompt-cache.ts";

export interface SlotMemoryOptions {
  /** The memory can be cut back to any earlier token (not so for recurrent models). */
  readonly canTruncate: boolean;
  /** See fillBatch. */
  readonly maxPaddingRows: number;
  /** Where prompts go that lose their slot. */
  readonly cache: PromptCache | undefined;
}

export interface TakeOptions {
  /** Whether what slots hold may be the prompt's beginning. */
  readonly reuse: boolean;
  /** The slot to take if it is free. */
  readonly preferred?: number | undefined;
}

/** The slots and the context's memory behind them, kept equal: what a slot's tokens say is what the memory holds. */
export class SlotMemory {
  readonly slots: readonly Slot[];
  readonly #context: Context;
  readonly #options: SlotMemoryOptions;

  constructor(context: Context, options: SlotMemoryOptions) {
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

  /** Takes the best free slot for a prompt and leaves in it only what the prompt begins with. A slot must be free. */
  async take(prompt: Int32Array, { reuse, preferred }: TakeOptions): Promise<Slot> {
    const { maxPaddingRows, canTruncate, cache } = this.#options;
    const placement = placePrompt(this.slots, prompt, { maxPaddingRows, reuse, preferred });
    if (placement === undefined) throw new Error("a prompt was admitted without a free slot");
    const { slot, keep, copyFrom } = placement;
    slot.busy = true;
    const exchange = { have: keep, keep: copyFrom === undefined ? keep : 0, reuse, whole: !canTruncate };
    const restored = await cache?.exchange(slot, prompt, exchange);
    if (copyFrom !== undefined && canTruncate && !restored) this.copy(copyFrom, slot);
    this.truncate(slot, Math.min(reuse ? this.#shared(slot, prompt) : 0, slot.tokens.length));
    return slot;
  }

  #shared({ tokens }: Slot, prompt: Int32Array): number {
    return Math.min(commonPrefix(tokens, prompt), prompt.length - 1);
  }

  /** Its tokens stay, as a prefix for whoever comes next. */
  release(slot: Slot): void {
    slot.busy = false;
    slot.usedAt = performance.now();
  }

  copy(source: Slot, target: Slot): void {
    this.#context.seqCp(source.id, target.id);
    target.tokens = source.tokens.slice();
  }

  /**
   * Keeps the first `length` tokens of a slot, or none when its memory cannot be cut. By default all of its tokens: what
   * goes then are cells beyond them, of a step that failed or of padding rows.
   */
  truncate(slot: Slot, length = slot.tokens.length): void {
    const isCut = this.#context.seqRm(slot.id, length);
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
