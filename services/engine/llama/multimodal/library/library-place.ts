import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../../../../config/config.ts";

/** Where node-llama-cpp keeps the source of the llama.cpp that its libraries were built from. */
const llamaFolder = join(dirname(fileURLToPath(import.meta.resolve("node-llama-cpp"))), "../llama");

export const sourceBundle = join(llamaFolder, "gitRelease.bundle");
/** Our own source file, which is compiled into the library. */
export const ownSource = join(packageRoot, "services/engine/llama/multimodal/library/tokenwire-mtmd.cpp");

/** Folders that a build may be in: the package's own, as in an image, then the user's cache, where builds go by default. */
export const buildFolders = {
  package: join(packageRoot, "multimodal"),
  cache: join(homedir(), ".cache/tokenwire/multimodal"),
} as const;

export interface LibraryVersion {
  /** The tag of llama.cpp, such as `v0.5.0`. */
  readonly release: string;
  /** Names everything that a build depends on. */
  readonly key: string;
}

/** Which build of the library this release of Tokenwire needs on this machine. */
export function libraryVersion(): LibraryVersion {
  const { tag } = JSON.parse(readFileSync(join(llamaFolder, "llama.cpp.info.json"), "utf8")) as { tag: string };
  const source = createHash("sha256").update(readFileSync(ownSource)).digest("hex").slice(0, 8);
  return { release: tag, key: `${tag}-${process.platform}-${process.arch}-${source}` };
}

export const libraryName = process.platform === "darwin" ? "libmtmd.dylib" : "libmtmd.so";

/** The file of a build, which is there once it is whole. */
export function libraryFile(folder: string, { key }: LibraryVersion): string {
  return join(folder, key, libraryName);
}

/** A build that is there; undefined: none is. */
export function findLibrary(version: LibraryVersion): string | undefined {
  return Object.values(buildFolders)
    .map((folder) => libraryFile(folder, version))
    .find((file) => existsSync(file));
}
