import { constants } from "node:os";
import process from "node:process";
import type { Logger } from "pino";

export interface EndOptions {
  readonly log: Logger;
  /** How long running answers may take to finish. */
  readonly graceMs: number;
  /** Takes no more requests, lets running answers go on for so long, and resolves when nothing is left. Called once. */
  readonly close: (graceMs: number) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

export interface Ending {
  /** Whether the end has begun. */
  readonly begun: boolean;
  /** Ends the process with `code`, as a signal does. Only the first end counts. */
  begin(code: number, graceMs: number): Promise<void>;
}

/**
 * One Ctrl+C often arrives twice: from the terminal, which tells its whole group, and from npm or a shell, which passes
 * on what it got itself. Nobody presses it again on purpose within this time.
 */
const sameSignalMs = 500;

/**
 * Ends this process on SIGINT and SIGTERM: what runs may finish, then it exits with 0. Signals within half a second are
 * one; a later one ends at once with 128 and its number, as shells report it. When the launcher that holds our IPC channel
 * is gone, we go without a grace.
 */
export function endOnSignals({ log, graceMs, close, exit }: EndOptions): Ending {
  let begunMs: number | undefined;
  const begin = async (code: number, wait: number): Promise<void> => {
    if (begunMs !== undefined) return;
    begunMs = performance.now();
    try {
      await close(wait);
    } catch (error) {
      log.error({ err: error }, "internal error during the shutdown (a bug)");
      code = 1;
    }
    exit(code);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunMs === undefined) {
      const again = signal === "SIGINT" ? "press Ctrl+C again" : `send ${signal} again`;
      log.info(`shutting down on ${signal}: running answers have ${graceMs / 1000} s to finish; ${again} to stop now`);
      void begin(0, graceMs);
    } else if (performance.now() - begunMs > sameSignalMs) exit(128 + constants.signals[signal]);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.once("disconnect", () => (begunMs === undefined ? void begin(1, 0) : exit(1)));
  return {
    get begun() {
      return begunMs !== undefined;
    },
    begin,
  };
}
