import koffi from "koffi";

/**
 * Native memory that never moves and is not collected, with views on it. For what native code reads asynchronously or
 * keeps: a typed array known only to an asynchronous call is collected under it.
 */
export class NativeBuffer {
  readonly address: bigint;
  readonly #memory: ArrayBuffer;
  #pointer: unknown;

  constructor(bytes: number) {
    this.#pointer = koffi.alloc("uint8_t", bytes);
    this.address = koffi.address(this.#pointer);
    this.#memory = koffi.view(this.#pointer, bytes);
  }

  /** In bytes. */
  get size(): number {
    return this.#memory.byteLength;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#memory);
  }

  get int32(): Int32Array {
    return new Int32Array(this.#memory);
  }

  get float32(): Float32Array {
    return new Float32Array(this.#memory);
  }

  get bigInt64(): BigInt64Array {
    return new BigInt64Array(this.#memory);
  }

  get data(): DataView {
    return new DataView(this.#memory);
  }

  /** The views die with it: reading one afterwards reads whatever stands there. */
  free(): void {
    if (this.#pointer === undefined) return;
    koffi.free(this.#pointer);
    this.#pointer = undefined;
  }
}

/** A view on `count` floats that native code owns; valid as long as that code says. */
export function floatsAt(pointer: bigint, count: number): Float32Array {
  return new Float32Array(koffi.view(pointer, count * 4));
}

/** A view on `count` token data {i32 id, f32 logit, f32 p} that native code owns. */
export function int32At(pointer: bigint, count: number): Int32Array {
  return new Int32Array(koffi.view(pointer, count * 4));
}
