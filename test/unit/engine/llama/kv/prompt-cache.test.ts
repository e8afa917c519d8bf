import { describe, expect, test } from "vitest";
import { PromptCache, type StateContext } from "../../../../../services/engine/llama/kv/prompt-cache.ts";
import { createSlots, type Slot } from "../../../../../services/engine/llama/kv/slots.ts";
import type { StateStore, StoredState } from "../../../../../services/engine/llama/kv/state-store.ts";
import type { NativeBuffer } from "../../../../../services/engine/llama/native/buffers/buffer.ts";

const range = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);

/** A store of which each method may be broken. */
function fakeStore(broken: Partial<StateStore> = {}) {
  const states = new Map<StoredState, NativeBuffer>();
  const store: StateStore = {
    list: () => [...states.keys()],
    add: async (tokens, data) => void states.set({ tokens: [...tokens], bytes: 100 }, data),
    touch() {},
    read: async (state) => states.get(state),
    release() {},
    remove: (state) => void states.delete(state),
    free() {},
    ...broken,
  };
  return store;
}

function createCache(store: StateStore, context: Partial<StateContext> = {}) {
  const warnings: string[] = [];
  const emptied: number[] = [];
  const cache = new PromptCache({
    context: {
      stateBytes: () => 100,
      readState: async () => ({}) as NativeBuffer,
      writeState: async () => true,
      seqRm: (id) => (emptied.push(id), true),
      ...context,
    },
    store,
    maxBytes: 250,
    warn: (message) => void warnings.push(message),
  });
  const [slot] = createSlots(1) as [Slot];
  /** The slot's old tokens give way to a prompt, which is then computed. */
  const exchange = async (prompt: readonly number[]) => {
    const options = { have: 0, keep: 0, reads: true, saves: true, adapters: "", whole: false };
    const plan = cache.plan(slot, Int32Array.from(prompt), options);
    await plan?.fetch();
    await plan?.swap();
    const restored = slot.tokens.length;
    slot.tokens = [...prompt];
    await new Promise(setImmediate);
    return restored;
  };
  return { cache, slot, exchange, warnings, emptied };
}

const [fox, bear, owl] = [range(50, 1000), range(50, 2000), range(50, 3000)];

test("what loses its slot comes back", async () => {
  const { cache, exchange } = createCache(fakeStore());
  await exchange(fox);
  await exchange(bear);
  expect(await exchange([...fox, 7])).toBe(50);
  expect(cache.stats).toEqual({ hits: 1, misses: 2, bytes: 200 });
});

test("what was not used for longest goes when the bytes are used up", async () => {
  const { cache, exchange } = createCache(fakeStore());
  for (const prompt of [fox, bear, owl, range(50, 4000)]) await exchange(prompt);
  expect(cache.stats.bytes).toBe(200);
});

describe("an error is a miss, told once in a row", () => {
  const full = () => Promise.reject(new Error("ENOSPC: no space left on device"));

  test("when a disk takes nothing", async () => {
    const { exchange, warnings } = createCache(fakeStore({ add: full }));
    await exchange(fox);
    await exchange(bear);
    await exchange(owl);
    expect(await exchange(fox)).toBe(50);
    expect(warnings).toEqual([expect.stringContaining("ENOSPC")]);
  });

  test("when a disk gives nothing back: the state goes, and the slot is as it was", async () => {
    const store = fakeStore({ read: full });
    const { cache, exchange, slot } = createCache(store);
    await exchange(fox);
    await exchange(bear);
    const plan = cache.plan(slot, Int32Array.from(fox), {
      have: 0,
      keep: 0,
      reads: true,
      saves: true,
      adapters: "",
      whole: false,
    });
    await plan?.fetch();
    await plan?.swap();
    expect(slot.tokens).toEqual(bear);
    expect(store.list().map(({ tokens }) => tokens)).toEqual([bear]);
  });

  test("when llama.cpp refuses a state: the slot is empty", async () => {
    const { exchange, slot, cache, emptied } = createCache(fakeStore(), { writeState: async () => false });
    await exchange(fox);
    await exchange(bear);
    const plan = cache.plan(slot, Int32Array.from(fox), {
      have: 0,
      keep: 0,
      reads: true,
      saves: true,
      adapters: "",
      whole: false,
    });
    await plan?.fetch();
    await plan?.swap();
    expect([slot.tokens, emptied]).toEqual([[], [0]]);
  });

  test("when there is no memory for a copy", async () => {
    const readState = () => Promise.reject(new Error("out of memory"));
    const { exchange, warnings } = createCache(fakeStore(), { readState });
    await exchange(fox);
    await exchange(bear);
    expect(warnings).toEqual([expect.stringContaining("out of memory")]);
  });
});
