import { readdirSync, readFileSync } from "node:fs";

/** Processor time of a process's threads, in ms since it began. */
export interface ProcessCpu {
  readonly all: number;
  /** The main thread, and V8's own. */
  readonly javascript: number;
  /** libuv's, which carry calls of llama_decode that are not made on the main thread. */
  readonly libuv: number;
}

/** Reads what the threads of a process have used (Linux: /proc, in nanoseconds). */
export function readCpu(pid: number): ProcessCpu {
  let [all, javascript, libuv] = [0, 0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [name, used] = readThread(`/proc/${pid}/task/${thread}`);
    all += used;
    // Threads of the pool have the main thread's name.
    if (thread === String(pid) || /^(V8Worker|DelayedTask)/.test(name)) javascript += used;
    if (name.startsWith("libuv")) libuv += used;
  }
  return { all, javascript, libuv };
}

function readThread(path: string): [string, number] {
  try {
    const [nanoseconds = ""] = readFileSync(`${path}/schedstat`, "utf8").split(" ");
    return [readFileSync(`${path}/comm`, "utf8").trim(), Number(nanoseconds) / 1e6];
  } catch {
    // It has just ended.
    return ["", 0];
  }
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** Resident memory in MB (10^6 bytes): all, and with shared pages divided among those who share them. */
export function readMemory(pid: number): { readonly rssMb: number; readonly pssMb: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mb = (name: string): number => (Number(new RegExp(`^${name}: *(\\d+) kB`, "m").exec(text)?.[1]) * 1024) / 1e6;
  return { rssMb: mb("Rss"), pssMb: mb("Pss") };
}
