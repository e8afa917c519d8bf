import { MediaFault } from "../media-fault.ts";

/** How long a FLAC file is, in seconds, by its first block (RFC 9639, section 8.2). Throws a MediaFault where it is broken. */
export function readFlac(bytes: Buffer): number {
  const isStreamInfo = bytes.length >= 42 && ((bytes[4] ?? 0) & 0x7f) === 0 && bytes.readUIntBE(5, 3) === 34;
  if (!isStreamInfo) throw new MediaFault("is a FLAC file that is cut off");
  const rate = bytes.readUIntBE(18, 3) >>> 4;
  const samples = (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
  if (rate === 0) throw new MediaFault("is a FLAC file with a broken header");
  if (samples === 0)
    throw new MediaFault("is a FLAC file that does not say how long it is: encode it to a file, not a pipe");
  if (bytes.length < endOfBlocks(bytes) + 2) throw new MediaFault("is a FLAC file that is cut off");
  return samples / rate;
}

/** Where the first frame begins. */
function endOfBlocks(bytes: Buffer): number {
  let at = 4;
  for (let isLast = false; !isLast && at + 4 <= bytes.length;) {
    isLast = (bytes.readUInt8(at) & 0x80) !== 0;
    at += 4 + bytes.readUIntBE(at + 1, 3);
  }
  return at;
}
