import { open, rename, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { NativeBuffer } from "../native/buffers/buffer.ts";
import type { StoredState } from "./state-store.ts";

/**
 * A file is: the number of tokens (u32), a checksum of the state (u32, CRC-32), the tokens (i32 each), the state. All
 * little-endian.
 */
const headerBytes = 8;
const tokenBytes = 4;
/** Read and checked at a time, so that a large state does not keep the event loop. */
const chunkBytes = 4 * 1024 * 1024;

export const stateEnding = ".state";
/** What a file is called until it is whole. */
export const partialEnding = ".part";

export interface StateFile extends StoredState {
  readonly path: string;
  /** In ms since 1970. */
  readonly usedAt: number;
}

/** What a file says that it holds; undefined: it cannot be read, or is none of ours. */
export async function readHeader(path: string): Promise<StateFile | undefined> {
  try {
    await using file = await open(path);
    const { size, mtimeMs } = await file.stat();
    const header = Buffer.alloc(headerBytes);
    if ((await file.read(header, 0, headerBytes, 0)).bytesRead < headerBytes) return undefined;
    const length = header.readUInt32LE();
    const start = headerBytes + length * tokenBytes;
    if (start >= size) return undefined;
    const tokens = new Int32Array(length);
    const { bytesRead } = await file.read(new Uint8Array(tokens.buffer), 0, length * tokenBytes, headerBytes);
    if (bytesRead < length * tokenBytes) return undefined;
    return { tokens, bytes: size - start, path, usedAt: mtimeMs };
  } catch {
    return undefined;
  }
}

/** Writes under another name first, so that a file that is there is whole. Throws what the disk throws. */
export async function writeState({ path, tokens }: StateFile, data: Uint8Array): Promise<void> {
  const partial = path + partialEnding;
  try {
    await using file = await open(partial, "w", 0o600);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(tokens.length);
    header.writeUInt32LE(await checksum(data), 4);
    // Unlike write, writeFile goes on after a short write, from where the file is.
    await file.writeFile(header);
    await file.writeFile(new Uint8Array(Int32Array.from(tokens).buffer));
    await file.writeFile(data);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await rename(partial, path);
}

/** A file's state, which the caller frees; undefined: it is not what its header says. Throws what the disk throws. */
export async function readState({ path, tokens, bytes }: StateFile): Promise<NativeBuffer | undefined> {
  await using file = await open(path);
  const header = Buffer.alloc(headerBytes);
  await file.read(header, 0, headerBytes, 0);
  const data = new NativeBuffer(bytes);
  try {
    const start = headerBytes + tokens.length * tokenBytes;
    for (let at = 0, bytesRead = 0; at < bytes; at += bytesRead) {
      ({ bytesRead } = await file.read(data.bytes, at, Math.min(chunkBytes, bytes - at), start + at));
      if (bytesRead === 0) break;
    }
    if ((await checksum(data.bytes)) === header.readUInt32LE(4)) return data;
  } catch (error) {
    data.free();
    throw error;
  }
  data.free();
  return undefined;
}

async function checksum(data: Uint8Array): Promise<number> {
  let value = 0;
  for (let at = 0; at < data.length; at += chunkBytes) {
    value = crc32(data.subarray(at, at + chunkBytes), value);
    await new Promise(setImmediate);
  }
  return value;
}
