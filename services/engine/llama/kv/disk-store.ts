import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { NativeBuffer } from "../native/buffers/buffer.ts";
import { partialEnding, readHeader, readState, stateEnding, type StateFile, writeState } from "./state-file.ts";
import type { StateStore, StoredState } from "./state-store.ts";

/** States that wait for a slow disk are memory: beyond so many, what loses its slot is not kept. */
const maxWriting = 2;

/**
 * Keeps states as files of one directory, which outlives the process: what was kept before is found again, and what a
 * killed process left half written goes. The directory must belong to one model and one way of keeping its states;
 * llama.cpp checks little of what it is given. Throws where the directory cannot be made or read.
 */
export async function openDiskStore(directory: string): Promise<StateStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  const pathsOf = (ending: string) =>
    names.filter((name) => name.endsWith(ending)).map((name) => join(directory, name));
  await Promise.all(pathsOf(partialEnding).map(remove));
  const found = await Promise.all(pathsOf(stateEnding).map(readHeader));
  const known = found.filter((state) => state !== undefined).sort((a, b) => a.usedAt - b.usedAt);
  const states = new Map<StoredState, StateFile>(known.map((state) => [state, state]));
  let writing = 0;

  return {
    list: () => [...states.keys()],
    async add(tokens, data) {
      try {
        if (writing >= maxWriting) return;
        writing++;
        const path = join(directory, randomUUID() + stateEnding);
        const state = { tokens: Int32Array.from(tokens), bytes: data.size, path, usedAt: Date.now() };
        await writeState(state, data.bytes).finally(() => writing--);
        states.set(state, state);
      } finally {
        data.free();
      }
    },
    touch(state) {
      const file = states.get(state);
      if (file === undefined) return;
      states.delete(state);
      states.set(state, file);
      // The order of use outlives the process; where it cannot be noted, nothing is lost but the order.
      void utimes(file.path, new Date(), new Date()).catch(() => {});
    },
    async read(state) {
      const file = states.get(state);
      return file && readState(file);
    },
    release: (data: NativeBuffer) => data.free(),
    remove(state) {
      const file = states.get(state);
      states.delete(state);
      if (file !== undefined) void remove(file.path);
    },
    free() {},
  };
}

/** Whatever it is, and also where it cannot be removed: then it is found, and found wanting, again. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true, recursive: true }).catch(() => {});
}
