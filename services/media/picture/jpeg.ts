import { MediaFault } from "../media-fault.ts";
import type { PictureSize } from "./read-picture.ts";

/** Each scan is a walk over the whole picture; encoders make a dozen. */
const maxScans = 64;

const startOfScan = 0xda;
const endOfImage = 0xd9;
/** Baseline, extended, progressive: those with Huffman codes that decoders know. */
const servedFrames = [0xc0, 0xc1, 0xc2];
const otherFrames = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
/** Markers without a segment: restarts, and one for private use. */
const bare = (marker: number) => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;

/** Walks a JPEG's segments (ITU T.81, annex B) to its end. Throws a MediaFault where they are broken or end early. */
export function readJpeg(bytes: Buffer): PictureSize {
  let size: PictureSize | undefined;
  let scans = 0;
  // The first marker is the start of the image; in a scan's data 0xff 0x00 is a byte of 0xff.
  for (let at = bytes.indexOf(0xff, 2); at !== -1 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    at += 2;
    if (marker === 0 || bare(marker)) continue;
    if (marker === endOfImage) {
      if (size === undefined || scans === 0) throw new MediaFault("is a JPEG without pixels");
      return size;
    }
    if (at + 2 > bytes.length) break;
    const length = bytes.readUInt16BE(at);
    if (otherFrames.includes(marker))
      throw new MediaFault("is a JPEG of a kind that is not served: send it as baseline");
    if (servedFrames.includes(marker)) size = readFrame(bytes.subarray(at, at + length));
    if (marker === startOfScan && ++scans > maxScans) throw new MediaFault("is a JPEG of too many scans");
    at += Math.max(2, length);
  }
  throw new MediaFault("is a JPEG that is cut off");
}

function readFrame(segment: Buffer): PictureSize {
  if (segment.length < 8) throw new MediaFault("is a JPEG with a broken header");
  if (segment[2] !== 8) throw new MediaFault("is a JPEG of a kind that is not served: send it with 8 bits a channel");
  return { height: segment.readUInt16BE(3), width: segment.readUInt16BE(5) };
}
