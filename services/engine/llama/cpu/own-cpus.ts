import { readFileSync } from "node:fs";

/**
 * The numbers of the CPUs that this process may run on, as Linux lists them in /proc/self/status (`0-3,8`); undefined
 * elsewhere, where threads cannot be given a place either.
 */
export function ownCpus(): readonly number[] | undefined {
  try {
    return parseCpus(readFileSync("/proc/self/status", "utf8"));
  } catch {
    return undefined;
  }
}

export function parseCpus(status: string): readonly number[] | undefined {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1];
  return list?.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
