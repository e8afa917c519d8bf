import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";

/** The memory that this process and its children may use. */
export interface RamFacts {
  readonly totalBytes: number;
  /** What they may still take; the page cache counts as free, as it gives way. */
  readonly availableBytes: number;
}

/**
 * RAM as this process may use it: the machine's, or less where a cgroup (a container, a systemd unit), its own or one
 * above it, has a limit. `root` is for tests.
 */
export function readRam(root = "/"): RamFacts {
  const machine = readMachine(root);
  const limits = cgroupLimits(root);
  return {
    totalBytes: Math.min(machine.totalBytes, ...limits.map(({ totalBytes }) => totalBytes)),
    availableBytes: Math.min(machine.availableBytes, ...limits.map(({ availableBytes }) => availableBytes)),
  };
}

/** Bytes of a process that cannot be dropped as those of a mapped file can; 0 where nobody can say, or it has ended. */
export function anonymousBytes(pid: number): number {
  const [, kilobytes = "0"] = /^RssAnon:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "") ?? [];
  return Number(kilobytes) * 1024;
}

function readMachine(root: string): RamFacts {
  const text = read(join(root, "proc/meminfo")) ?? "";
  const field = (name: string, otherwise: number) => {
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text) ?? [];
    return kilobytes === undefined ? otherwise : Number(kilobytes) * 1024;
  };
  return { totalBytes: field("MemTotal", totalmem()), availableBytes: field("MemAvailable", freemem()) };
}

function cgroupLimits(root: string): RamFacts[] {
  const lines = (read(join(root, "proc/self/cgroup")) ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path = "/"] = line.split(":");
    if (controllers === "") return chain(path).flatMap((own) => version2(join(root, "sys/fs/cgroup", own)));
    if (controllers?.split(",").includes("memory") === true)
      return chain(path).flatMap((own) => version1(join(root, "sys/fs/cgroup/memory", own)));
    return [];
  });
}

/** A cgroup and all above it: each may have a limit. */
function chain(path: string): string[] {
  return path === "/" || path === "." || path === "" ? ["/"] : [path, ...chain(dirname(path))];
}

function version2(folder: string): RamFacts[] {
  const used = read(join(folder, "memory.current"));
  const cached = sumOf(read(join(folder, "memory.stat")), ["inactive_file", "active_file"]);
  // Beyond `high` nobody is killed, but everybody waits for memory to be given back.
  return ["memory.max", "memory.high"].flatMap((name) => limit(read(join(folder, name)), used, { cached }));
}

function version1(folder: string): RamFacts[] {
  return limit(read(join(folder, "memory.limit_in_bytes")), read(join(folder, "memory.usage_in_bytes")), {
    cached: sumOf(read(join(folder, "memory.stat")), ["total_inactive_file", "total_active_file"]),
  });
}

function limit(max: string | undefined, used: string | undefined, { cached }: { cached: number }): RamFacts[] {
  const totalBytes = Number(max ?? "max");
  if (Number.isNaN(totalBytes)) return [];
  return [{ totalBytes, availableBytes: Math.max(0, totalBytes - Number(used ?? 0) + cached) }];
}

function sumOf(stat: string | undefined, names: readonly string[]): number {
  const values = names.map((name) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat ?? "")?.[1] ?? 0));
  return values.reduce((sum, value) => sum + value, 0);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
