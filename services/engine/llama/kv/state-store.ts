import type { NativeBuffer } from "../native/buffer.ts";

/** A kept state: what it holds, and how much it takes. */
export interface StoredState {
  readonly tokens: ArrayLike<number> & Iterable<number>;
  readonly bytes: number;
}

/** Where states are kept. */
export interface StateStore {
  /** The least recently used first. */
  list(): readonly StoredState[];
  /** Takes over `data`. */
  add(tokens: readonly number[], data: NativeBuffer): Promise<void>;
  /** Counts as a use. */
  touch(state: StoredState): void;
  /** The state's data, to be read at once; undefined when it is gone. */
  read(state: StoredState): Promise<NativeBuffer | undefined>;
  remove(state: StoredState): Promise<void>;
  /** Frees what is in memory; what is on disk stays. */
  free(): void;
}

/** Keeps states in this process's memory. */
export function createMemoryStore(): StateStore {
  // In order of use: a Map keeps the order in which its entries were set.
  const states = new Map<StoredState, NativeBuffer>();
  return {
    list: () => [...states.keys()],
    async add(tokens, data) {
      states.set({ tokens: Int32Array.from(tokens), bytes: data.size }, data);
    },
    touch(state) {
      const data = states.get(state);
      if (data === undefined) return;
      states.delete(state);
      states.set(state, data);
    },
    read: async (state) => states.get(state),
    async remove(state) {
      states.get(state)?.free();
      states.delete(state);
    },
    free() {
      for (const data of states.values()) data.free();
      states.clear();
    },
  };
}
