import { MediaFault } from "../media-fault.ts";
import type { PictureSize } from "./read-picture.ts";

const animated = 0x02;

/** Reads a WebP's headers (RFC 9649). Throws a MediaFault on animated ones, and where the file ends early. */
export function readWebp(bytes: Buffer): PictureSize {
  if (bytes.length < 30 || bytes.readUInt32LE(4) + 8 > bytes.length) throw new MediaFault("is a WebP that is cut off");
  switch (bytes.toString("latin1", 12, 16)) {
    case "VP8 ":
      if (bytes.subarray(23, 26).toString("hex") !== "9d012a") throw broken();
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      if (bytes[20] !== 0x2f) throw broken();
      const bits = bytes.readUInt32LE(21);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    case "VP8X":
      if (((bytes[20] ?? 0) & animated) !== 0) {
        throw new MediaFault("is an animated WebP, which is not served: send one of its frames");
      }
      return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
    default:
      throw broken();
  }
}

function broken(): MediaFault {
  return new MediaFault("is a WebP with a broken header");
}
