import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Logger } from "pino";

/** Lines of native output that are kept to explain a crash. */
const keptLines = 20;
const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** What a worker has said on its standard error. */
export interface WorkerOutput {
  /** The last line that was not the worker's own log: what native code said before it ended the process. */
  lastWords(): string | undefined;
}

/**
 * Passes a worker's standard error on to the log. The worker logs in pino's JSON lines, which keep their level and
 * fields; any other line comes from native code, which speaks when something is wrong.
 */
export function relayOutput(stream: Readable, log: Logger): WorkerOutput {
  const native: string[] = [];
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
    const record = parseLogLine(line);
    if (record !== undefined) return log[record.level](record.fields, record.message);
    if (line.trim() === "") return;
    native.push(line);
    if (native.length > keptLines) native.shift();
    log.warn(line);
  });
  return { lastWords: () => native.at(-1) };
}

function parseLogLine(line: string) {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const { level, time: _time, pid: _pid, hostname: _hostname, msg, ...fields } = JSON.parse(line) as LogRecord;
    // pino's levels are 10 (trace) to 60 (fatal).
    return { level: levels[Math.round(level / 10) - 1] ?? "info", message: msg ?? "", fields };
  } catch {
    return undefined;
  }
}

interface LogRecord extends Record<string, unknown> {
  readonly level: number;
  readonly msg?: string;
}
