import { readdirSync } from "node:fs";
import koffi from "koffi";

/** Linux's cpu_set_t. */
const maxCpus = 1024;

/**
 * The system call that says on which CPUs a thread of this process may run. Linux only; what the system refuses (a CPU
 * that was taken away meanwhile) leaves the thread where it was.
 */
export function bindAffinity(): (thread: number, cpus: readonly number[]) => void {
  const call = koffi.load(null).func("int sched_setaffinity(int thread, size_t bytes, const uint8_t *mask)");
  return (thread, cpus) => {
    const mask = new Uint8Array(maxCpus / 8);
    for (const cpu of cpus) mask[cpu >> 3]! |= 1 << (cpu & 7);
    call(thread, mask.length, mask);
  };
}

/** The ids of this process's threads; none where the system does not list them. */
export function threadsOfProcess(): number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [];
  }
}
