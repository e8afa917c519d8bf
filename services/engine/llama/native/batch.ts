import { NativeBuffer } from "./buffers/buffer.ts";
import type { Batch as BatchStruct } from "./structs.ts";

/** A llama_batch of up to `capacity` tokens, each of one sequence, in memory that native code may read at any time. */
export class Batch {
  readonly capacity: number;
  readonly #memory: NativeBuffer;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #sequences: Int32Array;
  readonly #outputs: Int8Array;
  readonly #struct: BatchStruct;
  #size = 0;
  #rows = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    // Pointers first, so that every part is aligned: seq_id (8 bytes), token, pos, n_seq_id, the ids (4), logits (1).
    const offsets = [0, 8, 12, 16, 20, 24].map((bytesBefore) => bytesBefore * capacity);
    const [seqIds = 0, tokens = 0, positions = 0, counts = 0, ids = 0, outputs = 0] = offsets;
    this.#memory = new NativeBuffer(outputs + capacity);
    const { buffer } = this.#memory.bytes;
    const base = this.#memory.address;
    this.#tokens = new Int32Array(buffer, tokens, capacity);
    this.#positions = new Int32Array(buffer, positions, capacity);
    this.#sequences = new Int32Array(buffer, ids, capacity);
    this.#outputs = new Int8Array(buffer, outputs, capacity);
    new Int32Array(buffer, counts, capacity).fill(1);
    const pointers = new BigUint64Array(buffer, seqIds, capacity);
    for (let i = 0; i < capacity; i++) pointers[i] = base + BigInt(ids + i * 4);
    this.#struct = {
      n_tokens: 0,
      token: base + BigInt(tokens),
      embd: null,
      pos: base + BigInt(positions),
      n_seq_id: base + BigInt(counts),
      seq_id: base + BigInt(seqIds),
      logits: base + BigInt(outputs),
    };
  }

  get size(): number {
    return this.#size;
  }

  /** How many tokens are flagged for output. */
  get rows(): number {
    return this.#rows;
  }

  get room(): number {
    return this.capacity - this.#size;
  }

  clear(): void {
    this.#size = 0;
    this.#rows = 0;
  }

  /** Adds a token and returns its index, which is what its logits are asked by. */
  add(token: number, position: number, sequence: number, output: boolean): number {
    const index = this.#size;
    if (index >= this.capacity) throw new RangeError(`the batch holds ${this.capacity} tokens`);
    this.#tokens[index] = token;
    this.#positions[index] = position;
    this.#sequences[index] = sequence;
    this.#outputs[index] = output ? 1 : 0;
    if (output) this.#rows++;
    this.#size++;
    return index;
  }

  /** The struct to pass by value; valid until the next change. */
  get struct(): BatchStruct {
    this.#struct.n_tokens = this.#size;
    return this.#struct;
  }

  free(): void {
    this.#memory.free();
  }
}
