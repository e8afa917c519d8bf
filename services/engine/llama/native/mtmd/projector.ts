import { randomBytes } from "node:crypto";
import type { Media, PromptPart } from "../../../engine.ts";
import { callAsync, callAtOnce } from "../api.ts";
import { floatsAt, int32At, NativeBuffer } from "../buffers/buffer.ts";
import type { Model } from "../model.ts";
import type { AnyPointer, DevicePointer } from "../buffers/pointer.ts";
import {
  type BitmapPointer,
  type ChunkPointer,
  type ChunksPointer,
  chunkTypes,
  decoded,
  type EncoderPointer,
  inputText,
  type MtmdApi,
  type MtmdPointer,
  type PacePointer,
} from "./mtmd-api.ts";

export interface ProjectorOptions {
  readonly path: string;
  /** The GPU to compute on; undefined: the CPU computes. */
  readonly gpu: DevicePointer | undefined;
  /** Of the CPU. */
  readonly threads: number;
}

/** A piece of a prompt: tokens, or what stands for a picture or a sound, or for a part of one. */
export type Chunk =
  | { readonly kind: "text"; readonly tokens: Int32Array }
  | {
      readonly kind: "media";
      /** Which of the prompt's media it is of, counted from 0. */
      readonly media: number;
      /** Rows of embeddings. */
      readonly rows: number;
      /** How far it moves the position of what follows; with M-RoPE fewer than its rows. */
      readonly positions: number;
      /** false: its rows see each other in both directions, so that they go into one batch. */
      readonly isCausal: boolean;
      readonly pointer: ChunkPointer;
    };

/** Of a decoded picture; RGB takes three bytes each, and two copies are made of it. */
const maxPixels = 2 ** 26;
/** What `detail: low` asks for. */
const lowDetailSide = 512;
const maxSoundSeconds = 3600;
const logBytes = 4096;

/** A picture or sound that cannot be decoded. */
export class UnreadableMedia extends Error {
  readonly media: Media;
  /** `unusable`: the projector makes nothing of it. */
  readonly why: "broken" | "too large" | "no memory" | "unusable";

  constructor(media: Media, why: UnreadableMedia["why"]) {
    super(`a ${media.kind} is ${why}`);
    this.media = media;
    this.why = why;
  }
}

/** A loaded projector: what makes embeddings of pictures and sounds for one text model. Encodes one chunk at a time. */
export class Projector {
  readonly seesPictures: boolean;
  readonly hearsSounds: boolean;
  /** Rows of a chunk have positions of four parts (see rowPositions). */
  readonly usesMrope: boolean;
  /** Floats of a row. */
  readonly width: number;
  readonly #api: MtmdApi;
  readonly #pointer: MtmdPointer;
  readonly #pace: PacePointer;
  readonly #marker: string;
  readonly #sampleRate: number;

  private constructor(api: MtmdApi, pointer: MtmdPointer, { pace, marker, width }: ProjectorParts) {
    this.#api = api;
    this.#pointer = pointer;
    this.#pace = pace;
    this.#marker = marker;
    this.width = width;
    this.seesPictures = api.seesPictures(pointer);
    this.hearsSounds = api.hearsSounds(pointer);
    this.usesMrope = api.usesMrope(pointer);
    this.#sampleRate = api.sampleRate(pointer);
  }

  /** Loads a projector's GGUF; a text when it cannot be: what libmtmd says about it. */
  static async load(api: MtmdApi, model: Model, { path, gpu, threads }: ProjectorOptions): Promise<Projector | string> {
    // Drawn anew, so that no prompt's text can be taken for a picture.
    const marker = `<__media_${randomBytes(16).toString("hex")}__>`;
    const pace = api.createPace();
    const text = cString(marker);
    try {
      const pointer = await callAsync(api.init, path, model.pointer, {
        ...api.defaultParams(),
        use_gpu: gpu !== undefined,
        device: gpu ?? null,
        print_timings: false,
        n_threads: threads,
        media_marker: text.address,
        cb_eval: api.paceStep,
        cb_eval_user_data: pace,
      });
      if (pointer !== null) return new Projector(api, pointer, { pace, marker, width: model.embeddingInput });
      api.freePace(pace);
      return takeLog(api);
    } finally {
      text.free();
    }
  }

  /**
   * A prompt in chunks, which are freed with the result. Only the media that `decodes` names are decoded to their pixels,
   * and only their chunks can be encoded; of the others the size is enough. Throws UnreadableMedia.
   */
  async chunks(
    parts: readonly PromptPart[],
    decodes: (media: Media) => boolean,
  ): Promise<Disposable & { readonly list: readonly Chunk[] }> {
    using stack = new DisposableStack();
    const bitmaps: BitmapPointer[] = [];
    const media = parts.filter((part) => typeof part !== "string");
    for (const [index, item] of media.entries()) {
      const bitmap = await this.#decode(item, !decodes(item));
      stack.defer(() => this.#api.freeBitmap(bitmap));
      this.#api.setBitmapId(bitmap, String(index));
      bitmaps.push(bitmap);
    }
    const chunks = this.#api.createChunks();
    stack.defer(() => this.#api.freeChunks(chunks));
    const [first] = media;
    const text = parts.map((part) => (typeof part === "string" ? part : this.#marker)).join("");
    const code = await this.#tokenize(chunks, text, bitmaps);
    if (code !== 0 && first !== undefined) throw new UnreadableMedia(first, "unusable");
    const count = this.#api.chunkCount(chunks);
    const list = Array.from({ length: count }, (_, index) => this.#chunk(this.#api.chunkAt(chunks, index)));
    // The bitmaps have been used up.
    for (const bitmap of bitmaps) this.#api.freeBitmap(bitmap);
    stack.move();
    return { list, [Symbol.dispose]: () => this.#api.freeChunks(chunks) };
  }

  /** Whether a picture or sound can be decoded. Throws UnreadableMedia. */
  async check(media: Media): Promise<void> {
    this.#api.freeBitmap(await this.#decode(media, false));
  }

  /** The positions of a chunk's rows, from `first` on, as a batch has them: four lists, one after another. */
  rowPositions({ pointer, rows }: Extract<Chunk, { kind: "media" }>, first: number): Int32Array {
    const positions = new Int32Array(rows * 4);
    this.#api.rowPositions(pointer, first, positions);
    return positions;
  }

  /** Begins to encode a chunk. The chunk must outlive it. */
  encode({ pointer, rows }: Extract<Chunk, { kind: "media" }>): Encoding {
    const encoder = this.#api.createEncoder(this.#pointer, pointer, this.#pace);
    if (encoder === null) throw new Error("no thread could be started to encode a picture");
    return new Encoding(this.#api, encoder, () => {
      const output = this.#api.output(this.#pointer);
      if (output === null) throw new Error("libmtmd has no embeddings to give");
      return floatsAt(output, rows * this.width).slice();
    });
  }

  /** What libmtmd has said since it was last asked, as one line. */
  problems(): string {
    return takeLog(this.#api);
  }

  async free(): Promise<void> {
    await callAsync(this.#api.free, this.#pointer);
    this.#api.freePace(this.#pace);
  }

  async #decode(media: Media, onlySize: boolean): Promise<BitmapPointer> {
    const file = new NativeBuffer(media.data.length);
    const result = new NativeBuffer(8);
    try {
      file.bytes.set(media.data);
      const maxSide = media.detail === "low" ? lowDetailSide : 0;
      const code =
        media.kind === "image"
          ? await callAsync(
              this.#api.decodeImage,
              file.address,
              file.size,
              maxPixels,
              maxSide,
              onlySize,
              result.address,
            )
          : await callAsync(
              this.#api.decodeAudio,
              file.address,
              file.size,
              this.#sampleRate,
              maxSoundSeconds * this.#sampleRate,
              result.address,
            );
      if (code === decoded.broken) throw new UnreadableMedia(media, "broken");
      if (code === decoded.tooLarge) throw new UnreadableMedia(media, "too large");
      if (code !== decoded.done) throw new UnreadableMedia(media, "no memory");
      return (result.bigInt64[0] ?? 0n) as BitmapPointer;
    } finally {
      file.free();
      result.free();
    }
  }

  async #tokenize(chunks: ChunksPointer, text: string, bitmaps: readonly BitmapPointer[]): Promise<number> {
    const bytes = cString(text);
    const input = new NativeBuffer(inputText.bytes);
    const list = new NativeBuffer(bitmaps.length * 8);
    try {
      input.data.setBigUint64(inputText.text, bytes.address, true);
      input.data.setBigUint64(inputText.length, BigInt(bytes.size - 1), true);
      input.data.setUint8(inputText.addSpecial, 0);
      input.data.setUint8(inputText.parseSpecial, 1);
      list.bigInt64.set(bitmaps.map((bitmap) => BigInt.asIntN(64, bitmap)));
      return await callAsync(this.#api.tokenize, this.#pointer, chunks, input.address, list.address, bitmaps.length);
    } finally {
      for (const buffer of [bytes, input, list]) buffer.free();
    }
  }

  #chunk(pointer: ChunkPointer): Chunk {
    if (chunkTypes[this.#api.chunkType(pointer)] === "text") {
      const count = new BigUint64Array(1);
      const tokens = this.#api.chunkText(pointer, count);
      return { kind: "text", tokens: tokens === null ? new Int32Array() : int32At(tokens, Number(count[0])).slice() };
    }
    return {
      kind: "media",
      media: Number(this.#api.chunkId(pointer)),
      rows: this.#api.chunkRows(pointer),
      positions: this.#api.chunkPositions(pointer),
      isCausal: !this.#api.isNonCausal(this.#pointer, pointer),
      pointer,
    };
  }
}

interface ProjectorParts {
  readonly pace: PacePointer;
  readonly marker: string;
  readonly width: number;
}

/** One chunk's encoding, which computes only while it is told to. */
export class Encoding {
  readonly #api: MtmdApi;
  readonly #encoder: EncoderPointer;
  readonly #read: () => Float32Array;

  constructor(api: MtmdApi, encoder: EncoderPointer, read: () => Float32Array) {
    this.#api = api;
    this.#encoder = encoder;
    this.#read = read;
  }

  /** Computes for about so long. Returns the rows once they are there; undefined: there is more to do. Throws when it fails. */
  async run(ms: number): Promise<Float32Array | undefined> {
    const code = await callAtOnce(this.#api.runEncoder, this.#encoder, ms);
    if (code === 2) return undefined;
    if (code !== 0) throw new Error(`libmtmd could not encode a picture or sound: ${takeLog(this.#api)}`);
    return this.#read();
  }

  /** Ends it, within some milliseconds where it is not done. */
  free(): Promise<void> {
    return callAsync(this.#api.freeEncoder, this.#encoder);
  }
}

/** Which device a projector takes how much of, without loading it; undefined: it cannot be read. */
export function projectorMemory(
  api: MtmdApi,
  { path, gpu }: Pick<ProjectorOptions, "path" | "gpu">,
): { readonly device: AnyPointer; readonly bytes: number }[] | undefined {
  const devices = new BigUint64Array(maxDevices);
  const bytes = new BigUint64Array(maxDevices);
  const count = api.memoryUse(path, gpu !== undefined, gpu ?? null, devices, bytes, maxDevices);
  if (count < 0) return undefined;
  return Array.from({ length: count }, (_, i) => ({
    device: (devices[i] ?? 0n) as AnyPointer,
    bytes: Number(bytes[i]),
  }));
}

const maxDevices = 32;

function takeLog(api: MtmdApi): string {
  const target = Buffer.alloc(logBytes);
  const length = api.takeLog(target, target.length);
  return target
    .toString("utf8", 0, length)
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}

function cString(text: string): NativeBuffer {
  const bytes = Buffer.from(text, "utf8");
  const buffer = new NativeBuffer(bytes.length + 1);
  buffer.bytes.set(bytes);
  buffer.bytes[bytes.length] = 0;
  return buffer;
}
