import { NativeBuffer } from "../buffers/buffer.ts";
import type { Batch as BatchStruct } from "../structs.ts";

export interface MediaRows {
  readonly rows: Float32Array;
  /** `partsPerPosition` lists of a position for each row, one after another. */
  readonly positions: Int32Array;
  readonly sequence: number;
  /** Whether logits are wanted after the last row. */
  readonly output: boolean;
}

export interface MediaBatchOptions {
  readonly capacity: number;
  /** Floats of a row. */
  readonly width: number;
  /** 4 with M-RoPE, else 1. */
  readonly partsPerPosition: number;
}

/** A llama_batch of rows of embeddings, all of one sequence, in memory that native code may read at any time. */
export class MediaBatch {
  readonly capacity: number;
  readonly partsPerPosition: number;
  readonly #width: number;
  readonly #memory: NativeBuffer;
  readonly #offsets: {
    readonly positions: number;
    readonly counts: number;
    readonly id: number;
    readonly outputs: number;
  };
  readonly #embeddings: number;
  #size = 0;
  #rows = 0;

  constructor({ capacity, width, partsPerPosition }: MediaBatchOptions) {
    this.capacity = capacity;
    this.partsPerPosition = partsPerPosition;
    this.#width = width;
    // Pointers first, so that every part is aligned: seq_id (8 bytes), then numbers of 4, then logits (1).
    this.#embeddings = capacity * 8;
    const positions = this.#embeddings + capacity * width * 4;
    const counts = positions + capacity * partsPerPosition * 4;
    const id = counts + capacity * 4;
    const outputs = id + 4;
    this.#offsets = { positions, counts, id, outputs };
    this.#memory = new NativeBuffer(outputs + capacity);
    const { buffer } = this.#memory.bytes;
    new Int32Array(buffer, counts, capacity).fill(1);
    new BigUint64Array(buffer, 0, capacity).fill(this.#memory.address + BigInt(id));
  }

  get size(): number {
    return this.#size;
  }

  /** How many rows are flagged for output. */
  get rows(): number {
    return this.#rows;
  }

  /** Replaces what it holds. */
  fill({ rows, positions, sequence, output }: MediaRows): void {
    const count = rows.length / this.#width;
    if (count > this.capacity) throw new RangeError(`the batch holds ${this.capacity} rows`);
    const { buffer } = this.#memory.bytes;
    new Float32Array(buffer, this.#embeddings, rows.length).set(rows);
    new Int32Array(buffer, this.#offsets.positions, positions.length).set(positions);
    new Int32Array(buffer, this.#offsets.id, 1)[0] = sequence;
    const outputs = new Int8Array(buffer, this.#offsets.outputs, count);
    outputs.fill(0);
    if (output) outputs[count - 1] = 1;
    this.#size = count;
    this.#rows = output ? 1 : 0;
  }

  /** The struct to pass by value; valid until the next change. */
  get struct(): BatchStruct {
    const base = this.#memory.address;
    const { positions, counts, outputs } = this.#offsets;
    return {
      n_tokens: this.#size,
      token: null,
      embd: base + BigInt(this.#embeddings),
      pos: base + BigInt(positions),
      n_seq_id: base + BigInt(counts),
      seq_id: base,
      logits: base + BigInt(outputs),
    };
  }

  free(): void {
    this.#memory.free();
  }
}
