import { statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { formatBytes } from "../../services/models/format-bytes.ts";
import type { Check } from "./check.ts";

const gigabyte = 1024 ** 3;

/** Memory that this process may still take, within the limits of its container. */
export function checkMemory(): Check {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const free = Math.min(process.availableMemory(), total);
  const found = `${formatBytes(free)} of ${formatBytes(total)} are free`;
  if (free >= gigabyte) return { name: "memory", status: "ok", found };
  return { name: "memory", status: "warn", found, remedy: "close other programs, or serve a smaller model" };
}

/** Room for what is downloaded into `folder`, which need not exist yet. */
export async function checkDisk(folder: string): Promise<Check> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      const free = bavail * bsize;
      const found = `${formatBytes(free)} are free for downloads in ${folder}`;
      if (free >= 2 * gigabyte) return { name: "disk", status: "ok", found };
      return { name: "disk", status: "warn", found, remedy: "make room, or name another folder with hf_cache_dir" };
    } catch (error) {
      if (at !== dirname(at)) continue;
      const found = `${folder}: ${error instanceof Error ? error.message : String(error)}`;
      return { name: "disk", status: "warn", found, remedy: "check hf_cache_dir" };
    }
  }
}
