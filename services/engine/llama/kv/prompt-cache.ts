import type { NativeBuffer } from "../native/buffers/buffer.ts";
import type { Context } from "../native/context.ts";
import { commonPrefix, reusablePrefix, type Slot, worthwhilePrefix } from "./slots.ts";
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
  /** Whether the prompt may begin with what was kept. */
  readonly reads: boolean;
  /** The prompt's, as in a slot. */
  readonly adapters: string;
  /** Whether what the slot holds may be kept. */
  readonly saves: boolean;
  /** Only a state of which the prompt needs every token will do, as it cannot be cut. */
  readonly whole: boolean;
}

/** How a taken slot changes hands, in two parts. Neither throws: what goes wrong is a miss. */
export interface Exchange {
  /** Reads what is to come back. Runs beside the steps. */
  fetch(): Promise<void>;
  /** Keeps the slot's old tokens and puts back what was fetched. Needs the context to itself. */
  swap(): Promise<void>;
}

export type StateContext = Pick<Context, "stateBytes" | "readState" | "writeState" | "seqRm">;

export interface PromptCacheParts {
  readonly context: StateContext;
  readonly store: StateStore;
  readonly maxBytes: number;
  readonly warn: (message: string) => void;
}

/**
 * Keeps the states of prompts that lose their slot, and brings them back for prompts that begin like them. Bounded in
 * bytes; what was not used for longest goes first.
 */
export class PromptCache {
  readonly #parts: PromptCacheParts;
  #hits = 0;
  #misses = 0;
  /** What failed the last time: only the first failure in a row is told. */
  readonly #failing = new Set<string>();

  constructor(parts: PromptCacheParts) {
    this.#parts = parts;
  }

  get stats(): PromptCacheStats {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#bytes() };
  }

  /** What a prompt that takes over a slot exchanges with the cache; undefined: nothing. */
  plan(
    slot: Slot,
    prompt: Int32Array,
    { have, keep, reads, saves: maySave, adapters, whole }: ExchangeOptions,
  ): Exchange | undefined {
    const best = reads ? this.#best(prompt, whole) : undefined;
    const wanted = best !== undefined && best.shared - have >= worthwhilePrefix ? best.state : undefined;
    if (reads && wanted === undefined) this.#misses++;
    const saves = maySave && slot.tokens.length - keep >= worthwhilePrefix && !this.#holds(slot.tokens);
    if (wanted === undefined && !saves) return undefined;
    // In use from now on, so that it does not have to make room for what is kept next.
    if (wanted !== undefined) this.#parts.store.touch(wanted);
    let data: NativeBuffer | undefined;
    return {
      fetch: async () => {
        if (wanted !== undefined) data = await this.#guard("read", () => this.#parts.store.read(wanted));
      },
      swap: async () => {
        if (saves) await this.#guard("copied", () => this.#save(slot));
        if (wanted === undefined) return;
        await this.#guard("restored", () => this.#restore(slot, wanted, data));
        slot.adapters = adapters;
      },
    };
  }

  free(): void {
    this.#parts.store.free();
  }

  #holds(tokens: readonly number[]): boolean {
    return this.#parts.store.list().some((state) => commonPrefix(state.tokens, tokens) === tokens.length);
  }

  async #save({ id, tokens }: Slot): Promise<void> {
    const { context, store, maxBytes } = this.#parts;
    const bytes = context.stateBytes(id);
    if (bytes === 0 || bytes > maxBytes) return;
    // What this state holds too is not needed twice.
    for (const state of store.list())
      if (commonPrefix(state.tokens, tokens) === state.tokens.length) store.remove(state);
    this.#makeRoom(bytes);
    const kept = tokens.slice();
    const data = await context.readState(id, bytes);
    // A disk takes its time: the steps do not wait for it.
    if (data !== undefined) void this.#guard("written", () => store.add(kept, data));
  }

  async #restore(slot: Slot, state: StoredState, data: NativeBuffer | undefined): Promise<void> {
    const { context, store } = this.#parts;
    const restored = data !== undefined && (await context.writeState(slot.id, data).finally(() => store.release(data)));
    if (restored) {
      this.#hits++;
      slot.tokens = [...state.tokens];
      return;
    }
    this.#misses++;
    store.remove(state);
    // A state that could not be written has emptied the sequence; one that could not be read has not.
    if (data === undefined) return;
    context.seqRm(slot.id, -1);
    slot.tokens = [];
  }

  /** An error of the store is a miss: a prompt is computed again, which costs time and nothing else. */
  async #guard<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#failing.delete(what);
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#failing.has(what))
        this.#parts.warn(
          `a state of the prompt cache could not be ${what}, so its prompt is computed again: ${reason}`,
        );
      this.#failing.add(what);
      return undefined;
    }
  }

  #best(prompt: Int32Array, whole: boolean): { state: StoredState; shared: number } | undefined {
    let best: { state: StoredState; shared: number } | undefined;
    for (const state of this.#parts.store.list()) {
      const shared = reusablePrefix(state.tokens, prompt);
      if (whole && shared < state.tokens.length) continue;
      if (shared > (best?.shared ?? 0)) best = { state, shared };
    }
    return best;
  }

  #makeRoom(bytes: number): void {
    const { store, maxBytes } = this.#parts;
    // The store lists the least recently used first.
    for (const state of store.list()) {
      if (this.#bytes() + bytes <= maxBytes) return;
      store.remove(state);
    }
  }

  #bytes(): number {
    return this.#parts.store.list().reduce((sum, state) => sum + state.bytes, 0);
  }
}
