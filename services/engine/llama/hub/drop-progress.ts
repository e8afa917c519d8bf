import { open } from "node:fs/promises";

/** Far more than the progress of the largest files takes. */
const maxProgressBytes = 16 * 1024 * 1024;

/**
 * Cuts off what the downloader (ipull 3.9.5) has left behind the end of a file that it has finished. It keeps its progress
 * there and cuts it off at the end, but does not wait for the last write of it, which can come after the cut.
 */
export async function dropProgress(place: string, sizeBytes: number): Promise<void> {
  const file = await open(place, "r+");
  try {
    const { size } = await file.stat();
    const length = size - sizeBytes;
    if (length <= 0 || length > maxProgressBytes) return;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, sizeBytes);
    if (isProgress(buffer.toString())) await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

function isProgress(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "chunks" in value && "chunkSize" in value;
  } catch {
    return false;
  }
}
