import { setLogger } from "@grpc/grpc-js";

/** What the library writes beside the error that it throws, which says it better and is told in our own words. */
const repeated = /^No address added out of total \d+ resolved$/;

/** Keeps grpc-js's own log, which goes to standard error, to what nothing else says. For the whole process, as the log is. */
export function quietLibraryLog(): void {
  const write =
    (level: string) =>
    (message: unknown, ...more: unknown[]): void => {
      if (typeof message !== "string" || !repeated.test(message)) console.error(`${level} ${String(message)}`, ...more);
    };
  setLogger({ error: write("E"), info: write("I"), debug: write("D") });
}
