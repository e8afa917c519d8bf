import { readdirSync, readFileSync } from "node:fs";

/** Processor time, in ms since the process began. */
export interface ProcessCpu {
  readonly all: number;
  /**
   * Of what runs JavaScript: the main thread, and V8's own. The rest of a worker is llama.cpp's: threads of its pool, and
   * libuv's, which carry the calls of llama_decode.
   */
  readonly javascript: number;
}

/** Reads what the threads of a process have used (Linux: /proc, in nanoseconds). */
export function readCpu(pid: number): ProcessCpu {
  let [all, javascript] = [0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [name, used] = readThread(`/proc/${pid}/task/${thread}`);
    all += used;
    // Threads of the pool have the main thread's name.
    if (thread === String(pid) || /^(V8Worker|DelayedTask)/.test(name)) javascript += used;
  }
  return { all, javascript };
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
