import { readFileSync, realpathSync } from "node:fs";
import koffi from "koffi";

/** MADV_DONTNEED of Linux. */
const dontNeed = 4;

/**
 * Gives the pages of mapped files back that this process has in memory: they stay in the page cache, and what is used
 * again comes back from there. A file of weights that the CPU's kernels have rearranged is else there twice. Elsewhere
 * than on Linux it does nothing.
 */
export function dropPages(paths: readonly string[]): void {
  if (process.platform !== "linux") return;
  const wanted = new Set(paths.map((path) => realpathSync(path)));
  const madvise = koffi.load(null).func("int madvise(uintptr_t addr, size_t length, int advice)") as unknown as (
    address: bigint,
    length: bigint,
    advice: number,
  ) => number;
  for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
    const [, from, to, path] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s+(.+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || path === undefined || !wanted.has(path)) continue;
    const address = BigInt(`0x${from}`);
    madvise(address, BigInt(`0x${to}`) - address, dontNeed);
  }
}
