import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { compileLibrary } from "./compile.ts";
import {
  buildFolders,
  findLibrary,
  libraryFile,
  libraryName,
  type LibraryVersion,
  libraryVersion,
} from "./library-place.ts";

export interface BuildOptions {
  /** Where it goes when it has to be built: one of `buildFolders`, or another. */
  readonly folder?: string;
  readonly info: (message: string) => void;
  /** Unset: compileLibrary. */
  readonly compile?: typeof compileLibrary;
}

/** Who builds says so this often; one that has said nothing for longer than `staleMs` has died. */
const heartbeatMs = 2000;
const staleMs = 20_000;
const waitMs = 200;

/**
 * The path of libmtmd as this release needs it: found, or else built, which takes half a minute of two cores. Of several
 * processes one builds, and the others wait for it. Throws RpcError MODEL_LOAD_FAILED that says what is missing.
 */
export async function provideLibrary({ folder = buildFolders.cache, info }: BuildOptions): Promise<string> {
  const version = libraryVersion();
  const found = findLibrary(version);
  if (found !== undefined) return found;
  return buildLibrary(version, { folder, info });
}

/** The same, but only a build in `folder` counts. */
export async function buildLibrary(
  version: LibraryVersion,
  { folder = buildFolders.cache, info, compile = compileLibrary }: BuildOptions,
): Promise<string> {
  const file = libraryFile(folder, version);
  await mkdir(folder, { recursive: true });
  const lock = join(folder, `${version.key}.lock`);
  for (let isTold = false; !existsSync(file); isTold = true) {
    if (await take(lock)) {
      await build(version, { folder, file, lock, info, compile });
      break;
    }
    if (!isTold) info("another process is building llama.cpp's multimodal library: waiting for it");
    await setTimeout(waitMs);
  }
  return file;
}

async function build(
  version: LibraryVersion,
  { folder, file, lock, info, compile }: Required<BuildOptions> & { readonly file: string; readonly lock: string },
): Promise<void> {
  const heartbeat = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), heartbeatMs);
  const work = await mkdtemp(join(folder, ".build-"));
  try {
    info("building llama.cpp's multimodal library, for pictures and sound: once, in about half a minute");
    const began = performance.now();
    const made = join(work, "made");
    await mkdir(made);
    await compile({
      folder: work,
      release: version.release,
      target: join(made, libraryName),
      onProgress: (done, parts) => info(`multimodal library: ${done} of ${parts} parts compiled`),
    });
    await rename(made, dirname(file)).catch((error: unknown) => {
      // Somebody else who took us for dead was faster.
      if (!existsSync(file)) throw error;
    });
    info(`multimodal library: built in ${((performance.now() - began) / 1000).toFixed(0)} s, in ${dirname(file)}`);
  } finally {
    clearInterval(heartbeat);
    await rm(work, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

/** Whether the lock is ours now. One that its owner has not touched for long is taken away, for the next try. */
async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx")).close();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleMs) await rm(lock, { force: true });
    return false;
  }
}
