import type { Context } from "../native/context.ts";
import { commonPrefix, type Slot } from "./slots.ts";
import type { StateStore, StoredState } from "./state-store.ts";

export interface PromptCacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly bytes: number;
}

export interface ExchangeOptions {
  /** Leading prompt tokens that are in some slot. */
  readonly have: number;
  /** Leading tokens of this slot that stay. */
  readonly keep: number;
  /** false: the prompt wants nothing that was kept. */
  readonly reuse: boolean;
  /** Only a state of which the prompt needs every token will do, as it cannot be cut. */
  readonly whole: boolean;
}

/** A shorter piece is computed again as fast as it is copied back. */
const worthwhileTokens = 32;

/**
 * Keeps the states of prompts that lose their slot, and brings them back for prompts that begin like them. Bounded in
 * bytes; what was not used for longest goes first.
 */
export class PromptCache {
  readonly #context: Context;
  readonly #store: StateStore;
  readonly #maxBytes: number;
  #hits = 0;
  #misses = 0;

  constructor(context: Context, store: StateStore, maxBytes: number) {
    this.#context = context;
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  get stats(): PromptCacheStats {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#bytes() };
  }

  /**
   * A prompt takes over a slot. Keeps what the slot would lose, and brings back the state that shares clearly more with
   * the prompt than what there is. Returns whether it did: the slot then holds that state's tokens.
   */
  async exchange(slot: Slot, prompt: Int32Array, { have, keep, reuse, whole }: ExchangeOptions): Promise<boolean> {
    const best = reuse ? this.#best(prompt, whole) : undefined;
    const wanted = best !== undefined && best.shared - have >= worthwhileTokens ? best.state : undefined;
    // In use from now on, so that it does not have to make room for what is kept next.
    if (wanted !== undefined) this.#store.touch(wanted);
    await this.#save(slot, keep);
    const restored = wanted !== undefined && (await this.#restore(slot, wanted));
    if (restored) this.#hits++;
    else if (reuse) this.#misses++;
    return restored;
  }

  async #save({ id, tokens }: Slot, keep: number): Promise<void> {
    if (tokens.length - keep < worthwhileTokens) return;
    const states = this.#store.list();
    if (states.some((state) => commonPrefix(state.tokens, tokens) === tokens.length)) return;
    const bytes = this.#context.stateBytes(id);
    if (bytes === 0 || bytes > this.#maxBytes) return;
    // What this state holds too is not needed twice.
    for (const state of states)
      if (commonPrefix(state.tokens, tokens) === state.tokens.length) await this.#store.remove(state);
    await this.#makeRoom(bytes);
    const data = await this.#context.readState(id, bytes);
    if (data !== undefined) await this.#store.add(tokens.slice(), data);
  }

  async #restore(slot: Slot, state: StoredState): Promise<boolean> {
    const data = await this.#store.read(state);
    if (data !== undefined && (await this.#context.writeState(slot.id, data))) {
      slot.tokens = [...state.tokens];
      return true;
    }
    await this.#store.remove(state);
    // A state that could not be written has emptied the sequence; one that could not be read has not.
    if (data !== undefined) {
      this.#context.seqRm(slot.id, -1);
      slot.tokens = [];
    }
    return false;
  }

  free(): void {
    this.#store.free();
  }

  #best(prompt: Int32Array, whole: boolean): { state: StoredState; shared: number } | undefined {
    let best: { state: StoredState; shared: number } | undefined;
    for (const state of this.#store.list()) {
      const shared = Math.min(commonPrefix(state.tokens, prompt), prompt.length - 1);
      if (whole && shared < state.tokens.length) continue;
      if (shared > (best?.shared ?? 0)) best = { state, shared };
    }
    return best;
  }

  async #makeRoom(bytes: number): Promise<void> {
    // The store lists the least recently used first.
    for (const state of this.#store.list()) {
      if (this.#bytes() + bytes <= this.#maxBytes) return;
      await this.#store.remove(state);
    }
  }

  #bytes(): number {
    return this.#store.list().reduce((sum, state) => sum + state.bytes, 0);
  }
}
