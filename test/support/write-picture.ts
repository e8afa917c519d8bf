import { crc32, deflateSync } from "node:zlib";

/** A colour: red, green and blue from 0 to 255. */
export type Colour = readonly [number, number, number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** A PNG whose pixels are what `at` says. */
export function writePng({ width, height }: Size, at: (x: number, y: number) => Colour): Buffer {
  const stride = width * 3 + 1;
  const raw = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw.set(at(x, y), y * stride + 1 + x * 3);
  return pngOf({ width, height }, deflateSync(raw));
}

/** A PNG that says how large it is; `data` is the compressed rest. */
export function pngOf({ width, height }: Size, data: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A wav of one channel, 16 bits, whose samples from -1 to 1 are what `at` says of a time in seconds. */
export function writeWav({ seconds, rate }: { seconds: number; rate: number }, at: (time: number) => number): Buffer {
  const samples = Math.round(seconds * rate);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples * 2, 40);
  const data = Buffer.alloc(samples * 2);
  for (let sample = 0; sample < samples; sample++) data.writeInt16LE(Math.round(at(sample / rate) * 32767), sample * 2);
  return Buffer.concat([header, data]);
}
