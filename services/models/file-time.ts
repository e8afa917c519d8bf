import { statSync } from "node:fs";

/** Seconds since 1970 of a file's last change; 0 when it cannot be seen, which its load will report. */
export function fileTime(path: string): bigint {
  try {
    return BigInt(Math.floor(statSync(path).mtimeMs / 1000));
  } catch {
    return 0n;
  }
}
