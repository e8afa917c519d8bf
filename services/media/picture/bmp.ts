import { MediaFault } from "../media-fault.ts";
import type { PictureSize } from "./read-picture.ts";

const depths = [1, 4, 8, 16, 24, 32];
/** Sizes of the header that tell the version; the first has 16-bit fields. */
const oldest = 12;
const headers = [oldest, 40, 52, 56, 108, 124];
/** None, and none with masks for the channels. */
const uncompressed = [0, 3];

/** Reads a BMP's headers. Throws a MediaFault on compressed ones, and where rows are missing. */
export function readBmp(bytes: Buffer): PictureSize {
  if (bytes.length < 30) throw new MediaFault("is a BMP that is cut off");
  const start = bytes.readUInt32LE(10);
  const header = bytes.readUInt32LE(14);
  if (!headers.includes(header) || bytes.length < 14 + header) throw new MediaFault("is a BMP with a broken header");
  const isOldest = header === oldest;
  const width = isOldest ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  // A negative height says that the rows stand from the top down.
  const height = Math.abs(isOldest ? bytes.readUInt16LE(20) : bytes.readInt32LE(22));
  const depth = bytes.readUInt16LE(isOldest ? 24 : 28);
  const compression = isOldest ? 0 : bytes.readUInt32LE(30);
  if (!depths.includes(depth) || width < 0) throw new MediaFault("is a BMP with a broken header");
  if (!uncompressed.includes(compression)) {
    throw new MediaFault("is a compressed BMP, which is not served: send it uncompressed, or as PNG");
  }
  const rowBytes = 4 * Math.ceil((width * depth) / 32);
  if (start + rowBytes * height > bytes.length) throw new MediaFault("is a BMP that is cut off");
  return { width, height };
}
