import type { NativeBuffer } from "../native/buffers/buffer.ts";

/** A kept state: what it holds, and how much it takes. */
export interface StoredState {
  readonly tokens: ArrayLike<number> & Iterable<number>;
  readonly bytes: number;
}

/** Where states are kept. */
export interface StateStore {
  /** The least recently used first. */
  list(): readonly StoredState[];
  /** Takes over `data`. Throws what a disk throws. */
  add(tokens: readonly number[], data: NativeBuffer): Promise<void>;
  /** Counts as a use. */
  touch(state: StoredState): void;
  /** The state's data, to be given back by `release`; undefined when it is gone. */
  read(state: StoredState): Promise<NativeBuffer | undefined>;
  release(data: NativeBuffer): void;
  remove(state: StoredState): void;
  /** Frees what is in memory; what is on disk stays. */
  free(): void;
}

/** Keeps states in this process's memory. */
export function createMemoryStore(): StateStore {
  // In order of use: a Map keeps the order in which its entries were set.
  const states = new Map<StoredState, NativeBuffer>();
  /** Data that is being read, by how many, and whether its state was removed meanwhile. */
  const loans = new Map<NativeBuffer, { readers: number; removed: boolean }>();
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
    async read(state) {
      const data = states.get(state);
      if (data === undefined) return undefined;
      const { readers, removed } = loans.get(data) ?? { readers: 0, removed: false };
      loans.set(data, { readers: readers + 1, removed });
      return data;
    },
    release(data) {
      const { readers, removed } = loans.get(data) ?? { readers: 1, removed: false };
      if (readers > 1) return void loans.set(data, { readers: readers - 1, removed });
      loans.delete(data);
      if (removed) data.free();
    },
    remove(state) {
      const data = states.get(state);
      states.delete(state);
      if (data === undefined) return;
      const loan = loans.get(data);
      if (loan === undefined) data.free();
      else loan.removed = true;
    },
    free() {
      for (const data of states.values()) data.free();
      states.clear();
    },
  };
}
