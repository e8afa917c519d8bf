import { MediaFault } from "../media-fault.ts";
import type { PictureSize } from "./read-picture.ts";

const extension = 0x21;
const image = 0x2c;

/** Walks a GIF's blocks (GIF89a) to the end of its first frame. Throws a MediaFault where they are broken or end early. */
export function readGif(bytes: Buffer): PictureSize {
  const size = { width: word(bytes, 6), height: word(bytes, 8) };
  let at = 13 + colours(byte(bytes, 10));
  for (;;) {
    const kind = byte(bytes, at);
    if (kind === extension) {
      at = afterBlocks(bytes, at + 2);
    } else if (kind === image) {
      const [x, y, width, height] = [1, 3, 5, 7].map((field) => word(bytes, at + field)) as [
        number,
        number,
        number,
        number,
      ];
      if (x + width > size.width || y + height > size.height) {
        throw new MediaFault("is a GIF whose frame is larger than the picture");
      }
      // The flags are the last of the descriptor; a byte of the code's size is before the data.
      afterBlocks(bytes, at + 10 + colours(byte(bytes, at + 9)) + 1);
      return size;
    } else {
      throw new MediaFault("is a GIF without a frame");
    }
  }
}

/** Bytes of the colour table that flags tell of. */
function colours(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Behind a row of blocks, each with its length before it. */
function afterBlocks(bytes: Buffer, start: number): number {
  let at = start;
  for (let length = byte(bytes, at); length !== 0; length = byte(bytes, at)) at += 1 + length;
  return at + 1;
}

function byte(bytes: Buffer, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new MediaFault("is a GIF that is cut off");
  return value;
}

function word(bytes: Buffer, at: number): number {
  return byte(bytes, at) + 256 * byte(bytes, at + 1);
}
