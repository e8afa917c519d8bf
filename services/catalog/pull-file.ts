import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { formatBytes } from "../models/format-bytes.ts";

export interface PullFile {
  readonly url: string;
  /** Sent to the URL's host, and to no other that it sends us on to. */
  readonly token?: string | undefined;
  /** Hexadecimal; undefined: nobody says. */
  readonly sha256?: string | undefined;
  /** Where the file is to be; what has come so far is beside it, with `.part` at its end. */
  readonly place: string;
}

export interface PullProgress {
  readonly stage: "downloading" | "verifying";
  readonly receivedBytes: number;
  /** 0: not known. */
  readonly totalBytes: number;
}

/** Attempts in a row that bring nothing. */
const maxAttempts = 5;
const firstPauseMs = 500;
const progressEveryMs = 200;
const magic = "GGUF";

/**
 * Downloads a GGUF file: goes on where an earlier attempt ended, as long as the server still has the same file, tries
 * again when the connection breaks, and checks the sum before the file gets its name. Throws RpcError MODEL_LOAD_FAILED
 * with what is wrong; aborting `signal` throws its reason and keeps what has come.
 */
export async function pullFile(
  file: PullFile,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: PullProgress) => void },
): Promise<void> {
  await mkdir(dirname(file.place), { recursive: true });
  const part = `${file.place}.part`;
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(part);
    try {
      await fetchRest(file, { signal, onProgress });
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RpcError) throw error;
      // Somebody has to make room, which no further attempt does.
      if (isFull(error)) throw failed(`${dirname(file.place)} is full: make room, and pull again to go on from there`);
      if ((await sizeOf(part)) > before) attempt = 0;
      if (attempt === maxAttempts) throw failed(`${file.url} cannot be downloaded: ${reasonOf(error)}`);
      await sleep(firstPauseMs * 2 ** attempt, undefined, { signal });
    }
  }
  await verify(file, { signal, onProgress });
  await rename(part, file.place);
  await rm(`${part}.json`, { force: true });
}

async function fetchRest(
  { url, token, place }: PullFile,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: PullProgress) => void },
): Promise<void> {
  const part = `${place}.part`;
  const have = await sizeOf(part);
  const known = await readIdentity(part);
  const goesOn = have > 0 && known?.url === url && known.etag !== "";
  const response = await fetch(url, {
    signal,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      // Bytes, not a compressed form of them: they are counted, and continued at a place.
      "accept-encoding": "identity",
      ...(goesOn && { range: `bytes=${have}-`, "if-range": known.etag }),
    },
  });
  const { status } = response;
  // All of it is there already.
  if (status === 416 && goesOn) return response.body?.cancel();
  if (status >= 500 || status === 429 || status === 408) throw new Error(`the server answers ${status}`);
  if (!response.ok || response.body === null) throw failed(`${url} answers ${status} ${response.statusText}`.trim());
  const continued = status === 206;
  const start = continued ? have : 0;
  const length = Number(response.headers.get("content-length") ?? 0);
  const totalBytes = length === 0 ? 0 : start + length;
  await checkSpace(place, length);
  const etag = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
  await writeFile(`${part}.json`, JSON.stringify({ url, etag }));
  let receivedBytes = start;
  let toldMs = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      if (receivedBytes === 0 && !chunk.subarray(0, magic.length).equals(Buffer.from(magic).subarray(0, chunk.length)))
        return done(failed(`${url} is not a GGUF file: it begins with other bytes than "GGUF"`));
      receivedBytes += chunk.length;
      if (performance.now() - toldMs >= progressEveryMs) {
        toldMs = performance.now();
        onProgress({ stage: "downloading", receivedBytes, totalBytes });
      }
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, count, createWriteStream(part, { flags: continued ? "a" : "w" }), { signal });
  onProgress({ stage: "downloading", receivedBytes, totalBytes });
  // A connection that is closed early is not always an error of HTTP.
  if (totalBytes > 0 && receivedBytes < totalBytes)
    throw new Error(`the connection broke after ${receivedBytes} bytes`);
}

async function verify(
  { url, sha256, place }: PullFile,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: PullProgress) => void },
): Promise<void> {
  if (sha256 === undefined) return;
  const part = `${place}.part`;
  const bytes = await sizeOf(part);
  onProgress({ stage: "verifying", receivedBytes: bytes, totalBytes: bytes });
  const hash: Hash = createHash("sha256");
  await pipeline(createReadStream(part, { highWaterMark: 1024 * 1024 }), hash, { signal });
  const found = hash.digest("hex");
  if (found === sha256.toLowerCase()) return;
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
  throw failed(
    `${url} has the SHA-256 ${found}, not ${sha256.toLowerCase()}: it was changed or damaged, and is deleted`,
  );
}

async function checkSpace(place: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(place));
  const free = bavail * bsize;
  if (bytes > free)
    throw failed(`${formatBytes(bytes)} are to be downloaded, and ${dirname(place)} has room for ${formatBytes(free)}`);
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

async function readIdentity(part: string): Promise<{ readonly url: string; readonly etag: string } | undefined> {
  try {
    const { url, etag } = JSON.parse(await readFile(`${part}.json`, "utf8")) as Record<string, unknown>;
    return typeof url === "string" && typeof etag === "string" ? { url, etag } : undefined;
  } catch {
    return undefined;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** fetch says "fetch failed", and its cause what failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function failed(message: string): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, message);
}
