import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { formatBytes } from "../../../models/format-bytes.ts";

/** What the downloader calls a file that is not whole. */
const partial = ".ipull";
/** The unit of `stat`'s blocks, whatever the file system. */
const blockBytes = 512;

/** Throws RpcError MODEL_LOAD_FAILED when what is missing of some files does not fit the disk. All in one folder. */
export async function checkSpace(
  files: readonly { readonly place: string; readonly sizeBytes: number | undefined }[],
): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const folder = dirname(first.place);
  let missing = 0;
  for (const { place, sizeBytes = 0 } of files) missing += Math.max(0, sizeBytes - (await bytesOnDisk(place)));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (missing <= free) return;
  const message = `${formatBytes(missing)} are to be downloaded, and ${folder} has room for ${formatBytes(free)}`;
  throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, message);
}

/** A file that is not whole has holes, so its length says nothing. */
async function bytesOnDisk(place: string): Promise<number> {
  for (const path of [place, place + partial]) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) return found.blocks * blockBytes;
  }
  return 0;
}
