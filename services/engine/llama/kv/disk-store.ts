import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { NativeBuffer } from "../native/buffer.ts";
import type { StateStore, StoredState } from "./state-store.ts";

/** A file is: the number of tokens (u32), the tokens (i32 each), the state. All little-endian. */
const countBytes = 4;
const tokenBytes = 4;
const ending = ".state";

interface FileState extends StoredState {
  readonly path: string;
  readonly usedAt: number;
}

/**
 * Keeps states as files of one directory, which outlives the process: what was kept before is found again. The
 * directory must belong to one model and one way of keeping its states; llama.cpp checks little of what it is given.
 */
export async function openDiskStore(directory: string): Promise<StateStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = (await readdir(directory)).filter((name) => name.endsWith(ending));
  const found = await Promise.all(names.map((name) => readHeader(join(directory, name))));
  const known = found.filter((state) => state !== undefined).sort((a, b) => a.usedAt - b.usedAt);
  const states = new Map<StoredState, FileState>(known.map((state) => [state, state]));
  let read: NativeBuffer | undefined;

  return {
    list: () => [...states.keys()],
    async add(tokens, data) {
      const path = join(directory, randomUUID() + ending);
      const state = { tokens: Int32Array.from(tokens), bytes: data.size, path, usedAt: Date.now() };
      try {
        await writeState(path, state.tokens, data.bytes);
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
    },
    async read(state) {
      const file = states.get(state);
      if (file === undefined) return undefined;
      // The last one read has been taken over by the context since.
      read?.free();
      read = await readState(file).catch(() => undefined);
      if (read !== undefined) await utimes(file.path, new Date(), new Date());
      return read;
    },
    async remove(state) {
      const file = states.get(state);
      states.delete(state);
      if (file !== undefined) await rm(file.path, { force: true });
    },
    free() {
      read?.free();
      read = undefined;
    },
  };
}

/** undefined: a file that was not written whole, or is none of ours. */
async function readHeader(path: string): Promise<FileState | undefined> {
  await using file = await open(path);
  const { size, mtimeMs } = await file.stat();
  const count = Buffer.alloc(countBytes);
  if ((await file.read(count, 0, countBytes, 0)).bytesRead < countBytes) return undefined;
  const length = count.readUInt32LE();
  const headerBytes = countBytes + length * tokenBytes;
  if (headerBytes > size) return undefined;
  const tokens = new Int32Array(length);
  await file.read(new Uint8Array(tokens.buffer), 0, length * tokenBytes, countBytes);
  return { tokens, bytes: size - headerBytes, path, usedAt: mtimeMs };
}

/** Under another name first, so that a file that is there is whole. */
async function writeState(path: string, tokens: Int32Array, data: Uint8Array): Promise<void> {
  const partial = `${path}.part`;
  try {
    await using file = await open(partial, "w", 0o600);
    const count = Buffer.alloc(countBytes);
    count.writeUInt32LE(tokens.length);
    await file.writev([count, new Uint8Array(tokens.buffer), data]);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await rename(partial, path);
}

async function readState({ path, tokens, bytes }: FileState): Promise<NativeBuffer | undefined> {
  await using file = await open(path);
  const start = countBytes + tokens.length * tokenBytes;
  if ((await stat(path)).size !== start + bytes) return undefined;
  const data = new NativeBuffer(bytes);
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await file.read(data.bytes, at, bytes - at, start + at);
    if (bytesRead === 0) {
      data.free();
      return undefined;
    }
    at += bytesRead;
  }
  return data;
}
