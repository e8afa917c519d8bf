import { MediaFault } from "../media-fault.ts";

/** PCM, floating point, and the long form of these, which are what every recorder writes. */
const servedCodings = [1, 3, 0xfffe];
/** What programs write that do not know the end yet: then the data go to the end of the file. */
const unknownLengths = [0, 0xffffffff];

/** How long a wav file is, in seconds. Throws a MediaFault on other codings, and where data are missing. */
export function readWav(bytes: Buffer): number {
  let perSecond: number | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    at += 8;
    if (kind === "fmt ") {
      perSecond = readFormat(bytes.subarray(at, at + length));
    } else if (kind === "data") {
      if (perSecond === undefined) throw new MediaFault("is a wav file with a broken header");
      const there = bytes.length - at;
      if (length > there && !unknownLengths.includes(length)) throw new MediaFault("is a wav file that is cut off");
      return (unknownLengths.includes(length) ? there : length) / perSecond;
    }
    // Chunks begin at even places.
    at += length + (length % 2);
  }
  throw new MediaFault("is a wav file that is cut off");
}

/** Bytes per second. */
function readFormat(format: Buffer): number {
  if (format.length < 16) throw new MediaFault("is a wav file that is cut off");
  const [coding, channels, rate] = [format.readUInt16LE(0), format.readUInt16LE(2), format.readUInt32LE(4)];
  const bits = format.readUInt16LE(14);
  if (!servedCodings.includes(coding))
    throw new MediaFault("is a wav file of a kind that is not served: send it as PCM");
  if (channels < 1 || channels > 16 || ![8, 16, 24, 32, 64].includes(bits) || rate < 1_000 || rate > 768_000) {
    throw new MediaFault("is a wav file with a broken header");
  }
  return (rate * channels * bits) / 8;
}
