import { MediaFault } from "../media-fault.ts";
import { readBmp } from "./bmp.ts";
import { readGif } from "./gif.ts";
import { readJpeg } from "./jpeg.ts";
import { readPng } from "./png.ts";
import { readWebp } from "./webp.ts";

export type PictureFormat = "png" | "jpeg" | "gif" | "bmp" | "webp";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface PictureFacts extends PictureSize {
  readonly format: PictureFormat;
}

interface Format {
  readonly marks: (bytes: Buffer) => boolean;
  /** The size, from the file's structure alone; throws a MediaFault where that is broken or ends early. */
  readonly read: (bytes: Buffer) => PictureSize;
}

const formats: Readonly<Record<PictureFormat, Format>> = {
  png: { marks: (bytes) => bytes.subarray(0, 8).equals(pngMark), read: readPng },
  jpeg: { marks: (bytes) => bytes.subarray(0, 3).toString("hex") === "ffd8ff", read: readJpeg },
  gif: { marks: (bytes) => /^GIF8[79]a$/.test(bytes.toString("latin1", 0, 6)), read: readGif },
  bmp: { marks: (bytes) => bytes.toString("latin1", 0, 2) === "BM", read: readBmp },
  webp: { marks: (bytes) => /^RIFF.{4}WEBP$/s.test(bytes.toString("latin1", 0, 12)), read: readWebp },
};
const pngMark = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/**
 * What a picture's bytes say of it, whatever it was called. Nothing is decoded: a file of a few bytes can claim any size,
 * and its pixels take memory only when somebody believes it. Throws a MediaFault on what is not a whole picture.
 */
export function readPicture(bytes: Buffer): PictureFacts {
  for (const [format, { marks, read }] of Object.entries(formats) as [PictureFormat, Format][]) {
    if (!marks(bytes)) continue;
    const { width, height } = read(bytes);
    if (width < 1 || height < 1) throw new MediaFault("has no pixels");
    return { format, width, height };
  }
  throw new MediaFault("is not a picture of a kind that is served: send PNG, JPEG, WebP, GIF or BMP");
}
