import { MediaFault } from "../media-fault.ts";

interface Frame {
  readonly bytes: number;
  readonly seconds: number;
}

/** Frames that must follow each other for bytes to be an mp3: two bytes of a header are soon found in anything. */
const wantedFrames = 2;

/** How long an mp3 is, in seconds, by all of its frames (ISO 11172-3, 13818-3). Throws a MediaFault on what is none. */
export function readMp3(bytes: Buffer): number {
  let at = tagLength(bytes);
  let seconds = 0;
  let frames = 0;
  for (let frame = readFrame(bytes, at); frame !== undefined; frame = readFrame(bytes, at)) {
    if (at + frame.bytes > bytes.length) break;
    at += frame.bytes;
    seconds += frame.seconds;
    frames++;
  }
  if (frames >= wantedFrames) return seconds;
  throw new MediaFault("is not a sound of a kind that is served: send wav, mp3 or flac");
}

/** An ID3v2 tag stands before the frames. */
function tagLength(bytes: Buffer): number {
  if (bytes.toString("latin1", 0, 3) !== "ID3" || bytes.length < 10) return 0;
  const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + ((bytes[i] ?? 0) & 0x7f), 0);
  return 10 + size;
}

const rates = [44_100, 48_000, 32_000];
const kilobits = {
  first: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  second: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** The layer III frame at a place. */
function readFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + 4 > bytes.length) return undefined;
  const header = bytes.readUInt32BE(at);
  // Eleven bits that are set; then the version (3: MPEG 1, 2: MPEG 2, 0: 2.5), and layer III, which is 1.
  const version = (header >>> 19) & 3;
  if (header >>> 21 !== 0x7ff || version === 1 || ((header >>> 17) & 3) !== 1) return undefined;
  const isFirst = version === 3;
  const bits = (isFirst ? kilobits.first : kilobits.second)[(header >>> 12) & 15];
  const base = rates[(header >>> 10) & 3];
  if (!bits || base === undefined) return undefined;
  const rate = base / (isFirst ? 1 : version === 2 ? 2 : 4);
  const padding = (header >>> 9) & 1;
  const samples = isFirst ? 1_152 : 576;
  return { bytes: Math.floor((samples * bits * 125) / rate) + padding, seconds: samples / rate };
}
