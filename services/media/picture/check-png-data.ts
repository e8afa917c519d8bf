import { createInflate } from "node:zlib";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MediaFault } from "../media-fault.ts";
import type { PngFacts } from "./png.ts";

/** Decoders allow for a little more than the rows. */
const slack = 4_096;

/**
 * Unpacks a PNG's data on zlib's threads, keeping none of it: a few kilobytes can become gigabytes where a decoder
 * unpacks them before it counts rows. Throws a MediaFault when there are more or fewer bytes than its rows have.
 */
export async function checkPngData({ data, rowBytes }: PngFacts, signal: AbortSignal): Promise<void> {
  let length = 0;
  const count = new Writable({
    write(piece: Buffer, _, done) {
      length += piece.length;
      done(length > rowBytes + slack ? new MediaFault("is a PNG that holds more than its pixels") : null);
    },
  });
  try {
    await pipeline(Readable.from(data), createInflate({ chunkSize: 256 * 1024 }), count, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MediaFault) throw error;
    throw new MediaFault("is a PNG with broken data", { cause: error });
  }
  if (length < rowBytes) throw new MediaFault("is a PNG with fewer rows than it says");
}
