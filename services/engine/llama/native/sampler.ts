import type { TokenMask } from "../../grammar/matcher/token-mask.ts";
import type { SamplerApi } from "./api.ts";
import { int32At, NativeBuffer } from "./buffers/buffer.ts";
import type { Context } from "./context.ts";
import type { SamplerPointer } from "./buffers/pointer.ts";
import { tokenDataArrayBytes, tokenDataBytes } from "./structs.ts";

/** A llama_sampler and what it was made of; frees itself and whatever was added to it. */
export class Sampler {
  readonly #api: SamplerApi;
  #pointer: SamplerPointer | undefined;

  constructor(api: SamplerApi, pointer: SamplerPointer) {
    this.#api = api;
    this.#pointer = pointer;
  }

  get pointer(): SamplerPointer {
    if (this.#pointer === undefined) throw new Error("the sampler is freed");
    return this.#pointer;
  }

  /** Tells the sampler which token was taken. */
  accept(token: number): void {
    this.#api.accept(this.pointer, token);
  }

  /** Draws from a row of the last decode, and accepts what it drew. */
  sample(context: Context, row: number): number {
    return this.#api.sample(this.pointer, context.pointer, row);
  }

  free(): void {
    if (this.#pointer !== undefined) this.#api.free(this.#pointer);
    this.#pointer = undefined;
  }
}

/**
 * A llama_token_data_array over a vocabulary or part of it, to run samplers on by hand: for grammars, whose verdict on a
 * token must be known before the token is accepted.
 */
export class Candidates {
  readonly #api: SamplerApi;
  readonly #size: number;
  readonly #items: NativeBuffer;
  readonly #header: NativeBuffer;
  readonly #ids: Int32Array;
  readonly #logits: Float32Array;
  readonly #listed: Int32Array;

  constructor(api: SamplerApi, vocabularySize: number) {
    this.#api = api;
    this.#listed = new Int32Array(vocabularySize);
    this.#size = vocabularySize;
    this.#items = new NativeBuffer(vocabularySize * tokenDataBytes);
    this.#header = new NativeBuffer(tokenDataArrayBytes);
    this.#ids = this.#items.int32;
    this.#logits = this.#items.float32;
  }

  /** Every token with its logit: those of the mask, but for `without`. */
  fill(logits: Float32Array, { mask, without }: { mask?: TokenMask | undefined; without: readonly number[] }): void {
    const ids = this.#ids;
    const values = this.#logits;
    const size = this.#size;
    let at = 0;
    if (mask === undefined) {
      for (let token = 0; token < size; token++, at += 3) {
        ids[at] = token;
        values[at + 1] = logits[token] ?? 0;
      }
      for (const token of without) values[token * 3 + 1] = -Infinity;
    } else {
      const count = mask.list(this.#listed);
      for (let index = 0; index < count; index++) {
        const token = this.#listed[index] ?? 0;
        if (without.includes(token)) continue;
        ids[at] = token;
        values[at + 1] = logits[token] ?? 0;
        at += 3;
      }
    }
    this.#writeHeader(at / 3);
  }

  apply(sampler: Sampler): void {
    this.#api.apply(sampler.pointer, this.#header.address);
  }

  /** The token that a selecting sampler chose; undefined when none was possible. */
  selected(): number | undefined {
    const header = this.#header.bigInt64;
    const [data = 0n, size = 0n, selected = -1n] = header;
    if (selected < 0n || selected >= size) return undefined;
    // A sampler may have moved the array, so it is read where the header says.
    const item = BigInt.asUintN(64, data) + selected * BigInt(tokenDataBytes);
    const words = int32At(item, 3);
    const logit = new Float32Array(words.buffer, words.byteOffset, 3)[1] ?? -Infinity;
    return logit === -Infinity ? undefined : words[0];
  }

  #writeHeader(size: number): void {
    const header = this.#header.bigInt64;
    header[0] = BigInt.asIntN(64, this.#items.address);
    header[1] = BigInt(size);
    header[2] = -1n;
    header[3] = 0n;
  }

  free(): void {
    this.#items.free();
    this.#header.free();
  }
}
