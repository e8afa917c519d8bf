import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Logger } from "pino";

const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/**
 * Passes a worker's standard error on to the log. The worker logs in pino's JSON lines, which keep their level and
 * fields, and are known by their `logKey`; any other line comes from native code, which speaks when something is wrong.
 */
export function relayOutput(stream: Readable, log: Logger, logKey: string): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
    const record = parseLogLine(line, logKey);
    if (record !== undefined) log[record.level](record.fields, record.message);
    else if (line.trim() !== "") log.warn(line);
  });
}

function parseLogLine(line: string, key: string) {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const { level, time: _time, logKey, msg = "", ...fields } = JSON.parse(line) as LogRecord;
    if (logKey !== key) return undefined;
    // pino's levels are 10 (trace) to 60 (fatal).
    return { level: levels[Math.round(level / 10) - 1] ?? "info", message: msg, fields };
  } catch {
    return undefined;
  }
}

interface LogRecord extends Record<string, unknown> {
  readonly level: number;
  readonly logKey?: string;
  readonly msg?: string;
}
