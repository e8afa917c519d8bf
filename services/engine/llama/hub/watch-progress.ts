import { ErrorReason, RpcError } from "../../../../clients/errors.ts";

export interface ProgressWatch {
  /** Aborted when nothing has come for too long. */
  readonly signal: AbortSignal;
  /** How much has come. */
  readonly bytes: number;
  /** So much has come in all. */
  onBytes(bytes: number): void;
  /** The work's result, or the error that nothing comes. */
  within<T>(work: Promise<T>): Promise<T>;
  stop(): void;
}

/**
 * Watches a download, and ends it when it stands still.
 *
 * @param what is downloaded, in words
 */
export function watchProgress({
  what,
  silenceMs,
  onBytes,
}: {
  readonly what: string;
  readonly silenceMs: number;
  /** Is told more each time. */
  readonly onBytes: (bytes: number) => void;
}): ProgressWatch {
  const controller = new AbortController();
  const silence = Promise.withResolvers<never>();
  // It may come while nobody waits.
  silence.promise.catch(() => {});
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const restart = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const message = `nothing of ${what} has come for ${silenceMs / 1000} s: start again to go on where it stopped`;
      silence.reject(new RpcError(ErrorReason.MODEL_LOAD_FAILED, message));
      controller.abort();
    }, silenceMs);
  };
  restart();
  return {
    signal: controller.signal,
    get bytes() {
      return bytes;
    },
    onBytes(now) {
      // The downloader counts what it is about to fetch again as lost.
      if (now <= bytes) return;
      bytes = now;
      restart();
      onBytes(bytes);
    },
    within: (work) => Promise.race([work, silence.promise]),
    stop: () => clearTimeout(timer),
  };
}
