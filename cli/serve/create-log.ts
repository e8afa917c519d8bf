import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export interface LogOptions {
  readonly level: string;
  /** `auto`: lines for people on a terminal, JSON elsewhere. */
  readonly format: "auto" | "text" | "json";
}

const stderr = 2;
/** What a request's line says in its words already. */
const saidInWords = "requestId,method,route,status,ms,model,firstDeltaMs,usage,error,param";

/** A program's log, on stderr, so that stdout has its own words alone. */
export function createLog({ level, format }: LogOptions): Logger {
  const forPeople = format === "text" || (format === "auto" && process.stderr.isTTY);
  if (forPeople) {
    const ignore = `pid,hostname,${saidInWords}`;
    return pino({ level }, pretty({ destination: stderr, sync: true, ignore, translateTime: "HH:MM:ss" }));
  }
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, formatters, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(stderr));
}
