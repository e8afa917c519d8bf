// The entry of a thread that decodes WebP pictures: a codec in WebAssembly, which can reach no memory but its own.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import decode, { init } from "@jsquash/webp/decode.js";
import type { DecodedWebp, WebpQuestion } from "./webp-decoder.ts";
import { writeBmp } from "./write-bmp.ts";

/** The codec makes one of these, which browsers have. */
class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}
Object.assign(globalThis, { ImageData: Pixels });

const file = createRequire(import.meta.url).resolve("@jsquash/webp/codec/dec/webp_dec.wasm");
await init({ wasmBinary: await readFile(file) });

parentPort?.on("message", ({ id, data }: WebpQuestion) => {
  void answer(id, data).then((decoded) => {
    parentPort?.postMessage(decoded, decoded.bmp === undefined ? [] : [decoded.bmp.buffer]);
  });
});

async function answer(id: number, data: Uint8Array<ArrayBuffer>): Promise<DecodedWebp> {
  try {
    const decoded: unknown = await decode(data.buffer);
    const { data: pixels, width, height } = decoded as Pixels;
    const bmp = writeBmp(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length), { width, height });
    return { id, bmp };
  } catch {
    // It says nothing but that it could not.
    return { id, bmp: undefined };
  }
}
