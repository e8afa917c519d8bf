import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { StartError } from "../config/config-error.ts";
import { RpcError } from "../clients/errors.ts";
import { buildLibrary } from "../services/engine/llama/multimodal/library/build-library.ts";
import {
  buildFolders,
  libraryFile,
  libraryVersion,
} from "../services/engine/llama/multimodal/library/library-place.ts";

export interface BuildMultimodalOptions {
  /** Into the program's own folder, not the user's cache. */
  readonly beside: boolean;
  /** What is there already is built again. */
  readonly force: boolean;
}

/** Compiles llama.cpp's multimodal library ahead of the first load that needs it. Throws StartError with what is missing. */
export async function buildMultimodal(
  { beside, force }: BuildMultimodalOptions,
  out: (line: string) => void,
): Promise<void> {
  const version = libraryVersion();
  const folder = beside ? buildFolders.package : buildFolders.cache;
  if (force) await rm(dirname(libraryFile(folder, version)), { recursive: true, force: true });
  try {
    out(await buildLibrary(version, { folder, info: out }));
  } catch (error) {
    if (error instanceof RpcError) throw new StartError(error.message);
    throw error;
  }
}
