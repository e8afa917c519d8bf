import type { Context } from "../native/context.ts";
import { commonPrefix, createSlots, placePrompt, type Slot } from "./slots.ts";
import type { StateCache, StateCacheStats } from "./prompt-cache.ts";

export interface SlotMemoryOptions {
  /** The memory can be cut back to any earlier token (not so for recurrent models). */
  readonly canRewind: boolean;
  /** See fillBatch. */
  readonly maxBridge: number;
  /** Where prompts go that lose their slot. */
  readonly cache: StateCache | undefined;
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

  get cacheStats(): StateCacheStats {
    return this.#options.cache?.stats ?? { hits: 0, misses: 0, bytes: 0 };
  }

  /** Takes the best free slot for a prompt and leaves in it only what the prompt begins with. A slot must be free. */
  async take(prompt: Int32Array, { reuse }: { reuse: boolean }): Promise<Slot> {
    const { maxBridge, canRewind, cache } = this.#options;
    const placement = placePrompt(this.slots, prompt, { maxBridge, reuse });
    if (placement === undefined) throw new Error("a prompt was admitted without a free slot");
    const { slot, keep, copyFrom } = placement;
    slot.busy = true;
    const exchange = { have: keep, keep: copyFrom === undefined ? keep : 0, reuse, whole: !canRewind };
    const restored = await cache?.exchange(slot, prompt, exchange);
    if (copyFrom !== undefined && canRewind && !restored) this.copy(copyFrom, slot);
    this.rewind(slot, Math.min(reuse ? this.#shared(slot, prompt) : 0, slot.tokens.length));
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
    this.#context.copySequence(source.id, target.id);
    target.tokens = source.tokens.slice();
  }

  /** Keeps the first `length` tokens of a slot, or none when its memory cannot be cut. */
  rewind(slot: Slot, length: number): void {
    if (length === slot.tokens.length) return;
    const cut = this.#context.forget(slot.id, length);
    if (!cut) this.#context.forget(slot.id, -1);
    slot.tokens.length = cut ? length : 0;
  }

  /** Forgets what a step that failed, or that only filled a gap, left behind a slot's tokens. */
  undo(slot: Slot): void {
    if (!this.#context.forget(slot.id, slot.tokens.length)) this.rewind(slot, 0);
  }

  /** Empties the idle slot unused for longest; false when all of them are empty. */
  evictIdle(): boolean {
    const [oldest] = this.slots
      .filter((slot) => !slot.busy && slot.tokens.length > 0)
      .sort((a, b) => a.usedAt - b.usedAt);
    if (oldest === undefined) return false;
    this.rewind(oldest, 0);
    return true;
  }
}
