import type { ServerResponse } from "node:http";
import { kernelQueueBytes } from "./kernel-queue.ts";

export interface WatchReaderOptions {
  /** A reader that takes nothing of what waits for it for so long has stalled. */
  readonly stallTimeoutMs: number;
  /** Called after each stall. */
  readonly onStall: () => void;
}

/** From one look to the next: a stall is told late by no more than this, or than a twentieth of its time. */
const minLookMs = 50;

/**
 * Watches whether the reader of a response goes on reading; a byte taken begins its time anew. Nothing is watched while
 * nothing waits to be taken. Returns how to stop.
 */
export function watchReader(res: ServerResponse, { stallTimeoutMs, onStall }: WatchReaderOptions): () => void {
  let stopped = false;
  let takenBytes = 0;
  let progressMs = performance.now();
  const look = async (): Promise<void> => {
    const { socket } = res;
    const waits = socket !== null && (res.writableLength > 0 || res.writableNeedDrain);
    const taken = waits ? socket.bytesWritten - socket.writableLength - (await kernelQueueBytes(socket)) : Infinity;
    if (stopped) return;
    const nowMs = performance.now();
    if (taken !== takenBytes) {
      takenBytes = taken;
      progressMs = nowMs;
    } else if (waits && nowMs - progressMs >= stallTimeoutMs) {
      progressMs = nowMs;
      onStall();
    }
    timer.refresh();
  };
  const timer = setTimeout(() => void look(), Math.max(minLookMs, stallTimeoutMs / 20));
  timer.unref();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
