const listeners = new Set<(error: Error) => void>();
let isWatching = false;

/**
 * Tells of writes of the downloader (ipull 3.9.5) that fail, as on a full disk. It does not wait for them before it asks
 * for more, so that their errors would end the process as unhandled rejections. Returns how to stop.
 */
export function watchWrites(onError: (error: Error) => void): () => void {
  // For good: the last writes of a download end after it.
  if (!isWatching) process.on("unhandledRejection", onRejection);
  isWatching = true;
  listeners.add(onError);
  return () => listeners.delete(onError);
}

function onRejection(reason: unknown): void {
  // As without this listener: whatever else nobody waits for is a bug.
  if (!(reason instanceof Error) || !/[\\/]ipull[\\/]/.test(reason.stack ?? "")) throw reason;
  for (const listener of listeners) listener(reason);
}
