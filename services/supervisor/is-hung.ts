import { setTimeout as sleep } from "node:timers/promises";

export interface ProbeOptions {
  /** From an answer to the next question. */
  readonly everyMs: number;
  /** Questions in a row without an answer; one can be lost to a pause of our own process. */
  readonly misses: number;
  /** Aborted: there is nothing left to probe. */
  readonly signal: AbortSignal;
}

/**
 * Asks again and again whether a process is there. Resolves to true when it has left `misses` questions in a row without
 * an answer, to false when `signal` ends the asking. Never rejects.
 *
 * @param ask resolves to whether there was an answer, in a time of its own
 */
export async function isHung(ask: () => Promise<boolean>, { everyMs, misses, signal }: ProbeOptions): Promise<boolean> {
  let missed = 0;
  while (!signal.aborted) {
    if (missed === 0) await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return false;
    missed = (await ask()) ? 0 : missed + 1;
    if (missed === misses) return !signal.aborted;
  }
  return false;
}
