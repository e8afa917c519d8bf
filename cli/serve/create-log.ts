import { Writable } from "node:stream";
import { type Logger, pino } from "pino";
import pretty, { type PrettyOptions } from "pino-pretty";
import { StatusLine } from "./status-line.ts";

export interface LogOptions {
  readonly level: string;
  /** `auto`: lines for people on a terminal, JSON elsewhere. */
  readonly format: "auto" | "text" | "json";
  /** Shares the terminal with the lines of the log. */
  readonly line?: StatusLine;
}

const stderr = 2;

/** A program's log, on stderr, so that stdout has its own words alone. */
export function createLog({ level, format, line = new StatusLine(process.stderr) }: LogOptions): Logger {
  if (format === "text" || (format === "auto" && line.isTerminal)) return pino({ level }, forPeople(line));
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, formatters, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(stderr));
}

/** One line an event, in its words alone: its fields are for machines. An error's stack follows. */
function forPeople(line: StatusLine): ReturnType<typeof pretty> {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      line.write(chunk.toString());
      done();
    },
  });
  return pretty({
    destination,
    colorize: line.isTerminal,
    include: "level,time,err",
    messageFormat,
    translateTime: "HH:MM:ss",
  });
}

/** What a worker says names its model, and what went wrong with a request its id. The line of a request has both. */
const messageFormat: NonNullable<PrettyOptions["messageFormat"]> = (log, messageKey) => {
  const { model, requestId, route, [messageKey]: message } = log;
  const text = typeof message === "string" ? message : "";
  if (typeof route === "string") return text;
  const subject = typeof model === "string" && !text.includes(`"${model}"`) ? `model "${model}": ` : "";
  const request = typeof requestId === "string" && !text.includes(requestId) ? ` (${requestId})` : "";
  return subject + text + request;
};
