import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MediaFault } from "../../../services/media/media-fault.ts";
import { checkPngData } from "../../../services/media/picture/check-png-data.ts";
import { readPng } from "../../../services/media/picture/png.ts";
import { readPicture } from "../../../services/media/picture/read-picture.ts";
import { readSound } from "../../../services/media/sound/read-sound.ts";
import { mediaFile } from "../../support/media/media-file.ts";
import { writePng } from "../../support/media/write-png.ts";

const { signal } = new AbortController();
const pictures = [
  ["halves.png", "png"],
  ["halves.jpg", "jpeg"],
  ["progressive.jpg", "jpeg"],
  ["halves.gif", "gif"],
  ["two-frames.gif", "gif"],
  ["halves.bmp", "bmp"],
  ["halves.webp", "webp"],
  ["lossy.webp", "webp"],
  ["opaque.webp", "webp"],
] as const;
const sounds = ["wav", "mp3", "flac"] as const;
const readers = [
  ...pictures.map(([name]) => [name, readPicture] as const),
  ...sounds.map((it) => [`tone.${it}`, readSound] as const),
];

function faultOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof MediaFault) return error.message;
    throw error;
  }
  return "none";
}

describe("a picture", () => {
  test.each(pictures)("%s is known by its bytes, with its size", (name, format) => {
    expect(readPicture(mediaFile(name))).toEqual({ format, width: 24, height: 16 });
  });

  test("that is animated is a GIF, of which the first frame counts, or refused", () => {
    expect(faultOf(() => readPicture(mediaFile("animated.webp")))).toContain("animated WebP");
  });

  test("may claim any size, which is all that is read of it", () => {
    const bomb = writePng({ width: 50_000, height: 50_000, data: Buffer.alloc(10) });
    expect(readPicture(bomb)).toMatchObject({ width: 50_000, height: 50_000 });
    const jpeg = mediaFile("halves.jpg");
    jpeg.writeUInt32BE(0xffffffff, jpeg.indexOf(Buffer.from("ffc0", "hex")) + 5);
    expect(readPicture(jpeg)).toMatchObject({ width: 65_535, height: 65_535 });
  });

  test.each([
    ["nothing", Buffer.alloc(0), "not a picture of a kind that is served"],
    ["a page", Buffer.from("<!DOCTYPE html><p>Hello"), "not a picture"],
    ["SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), "not a picture"],
    ["a sound", mediaFile("tone.wav"), "not a picture"],
    ["a PNG without rows", writePng({ width: 0, height: 5 }), "has no pixels"],
    ["a JPEG of 12 bits", twelveBits(), "8 bits a channel"],
    ["a JPEG with arithmetic coding", replaced("halves.jpg", "ffc0", "ffc9"), "as baseline"],
    ["a JPEG of a hundred scans", manyScans(), "too many scans"],
    ["a compressed BMP", compressedBmp(), "compressed BMP"],
  ])("is refused when it is %s", (_, bytes, fault) => {
    expect(faultOf(() => readPicture(bytes))).toContain(fault);
  });
});

describe("the data of a PNG", () => {
  test("are right where they come to its rows", async () => {
    await expect(checkPngData(readPng(mediaFile("halves.png")), signal)).resolves.toBeUndefined();
    await expect(checkPngData(readPng(writePng({ width: 300, height: 7 })), signal)).resolves.toBeUndefined();
  });

  test.each([
    ["holds more than its pixels", writePng({ width: 1, height: 1, data: Buffer.alloc(100_000_000) })],
    ["with fewer rows", writePng({ width: 50_000, height: 50_000, data: Buffer.alloc(100) })],
    ["broken data", replaced("halves.png", "789c", "7800")],
  ])("are refused: %s", async (fault, png) => {
    await expect(checkPngData(readPng(png), signal)).rejects.toThrow(fault);
  });
});

test.each(sounds)("a sound in %s is as long as it says", (format) => {
  const found = readSound(mediaFile(`tone.${format}`));
  expect(found.format).toBe(format);
  // Encoders of mp3 put some frames around it.
  expect(Math.abs(found.seconds - 1)).toBeLessThan(format === "mp3" ? 0.3 : 0.001);
});

test.each([
  ["not a sound", mediaFile("halves.png")],
  ["not a sound", Buffer.alloc(1_000)],
  ["as PCM", replaced("tone.wav", "666d742010000000 0100", "666d742010000000 0200")],
  ["no sound in it", mediaFile("tone.wav").subarray(0, 44).fill(0, 40)],
])("a sound is refused: %s", (fault, bytes) => {
  expect(faultOf(() => readSound(bytes))).toContain(fault);
});

describe.each(readers)("%s", (name, read) => {
  test("is refused wherever it is cut off", () => {
    const whole = mediaFile(name);
    for (let length = 0; length < whole.length - 1; length++) {
      // Frames of an mp3 stand alone, and a lossless WebP is seen to be broken when it is decoded.
      if (name === "tone.mp3" && length > 200) break;
      // The block behind a GIF's first frame.
      if (name.endsWith(".gif") && length > whole.indexOf(Buffer.from("003b", "hex"))) break;
      if (name === "two-frames.gif" && length > 100) break;
      // Frames of FLAC are not looked at.
      if (name === "tone.flac" && length > 42) break;
      expect(
        faultOf(() => read(whole.subarray(0, length))),
        `cut to ${length}`,
      ).not.toBe("none");
    }
  });

  test("is read or refused whatever bytes of it are wrong", () => {
    const whole = mediaFile(name);
    const change = fc.tuple(fc.nat(Math.min(whole.length, 600) - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        faultOf(() => read(bytes));
      }),
    );
  });
});

function replaced(name: string, from: string, to: string): Buffer {
  const bytes = mediaFile(name);
  const [old, wanted] = [from, to].map((hex) => Buffer.from(hex.replaceAll(" ", ""), "hex")) as [Buffer, Buffer];
  const at = bytes.indexOf(old);
  expect(at).toBeGreaterThan(0);
  wanted.copy(bytes, at);
  return bytes;
}

function twelveBits(): Buffer {
  const bytes = mediaFile("halves.jpg");
  bytes[bytes.indexOf(Buffer.from("ffc0", "hex")) + 4] = 12;
  return bytes;
}

function manyScans(): Buffer {
  const bytes = mediaFile("halves.jpg");
  const scan = bytes.subarray(bytes.indexOf(Buffer.from("ffda", "hex")), -2);
  return Buffer.concat([bytes.subarray(0, -2), ...Array.from({ length: 100 }, () => scan), bytes.subarray(-2)]);
}

function compressedBmp(): Buffer {
  const bytes = mediaFile("halves.bmp");
  bytes.writeUInt32LE(1, 30);
  return bytes;
}
