import { MediaFault } from "../media-fault.ts";
import type { PictureSize } from "./read-picture.ts";

const signatureLength = 8;
/** Length, type and sum around a chunk's data. */
const aroundChunk = 12;
/** Encoders write pieces of 8 KiB and more; this many leave room for all that a request may hold. */
const maxChunks = 100_000;

export interface PngFacts extends PictureSize {
  /** Bytes of its rows, filters included: what its compressed data must come to. */
  readonly rowBytes: number;
  /** The compressed data, in pieces. */
  readonly data: readonly Buffer[];
}

/** Walks a PNG's chunks (PNG 3rd edition, section 5). Throws a MediaFault where they are broken or end early. */
export function readPng(bytes: Buffer): PngFacts {
  let header: (PictureSize & Pick<PngFacts, "rowBytes">) | undefined;
  const data: Buffer[] = [];
  let at = signatureLength;
  for (let chunks = 0; at + aroundChunk <= bytes.length; chunks++) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + 8 + length);
    at += aroundChunk + length;
    if (at > bytes.length) break;
    if (chunks > maxChunks) throw new MediaFault("is a PNG of too many pieces");
    if (header === undefined) header = readHeader(type, content);
    if (type === "IDAT") data.push(content);
    if (type !== "IEND") continue;
    if (data.length === 0) throw new MediaFault("is a PNG without pixels");
    return { ...header, data };
  }
  throw new MediaFault("is a PNG that is cut off");
}

const channels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depths = [1, 2, 4, 8, 16];

function readHeader(type: string, content: Buffer): PictureSize & Pick<PngFacts, "rowBytes"> {
  if (type !== "IHDR" || content.length !== 13) throw new MediaFault("is a PNG with a broken header");
  const [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
  const [depth = 0, colour = 0, , , interlace = 0] = content.subarray(8);
  const perPixel = channels[colour];
  if (perPixel === undefined || !depths.includes(depth) || interlace > 1) {
    throw new MediaFault("is a PNG with a broken header");
  }
  const rowBytes = (columns: number, rows: number) =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * depth * perPixel) / 8));
  const whole = rowBytes(width, height);
  return { width, height, rowBytes: interlace === 0 ? whole : interlaced(width, height, rowBytes) };
}

/** Adam7's passes: where each begins, and how far apart its pixels are. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function interlaced(width: number, height: number, rowBytes: (columns: number, rows: number) => number): number {
  const sizes = passes.map(([x, y, dx, dy]) => [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)] as const);
  return sizes.reduce((sum, [columns, rows]) => sum + rowBytes(Math.max(0, columns), Math.max(0, rows)), 0);
}
