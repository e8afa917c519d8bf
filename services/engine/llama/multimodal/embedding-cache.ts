/** Keeps the embeddings of pictures and sounds, up to some bytes; what was not used for longest goes first. */
export class EmbeddingCache {
  readonly #maxBytes: number;
  /** In order of use. */
  readonly #kept = new Map<string, Float32Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts as a use. */
  get(key: string): Float32Array | undefined {
    const rows = this.#kept.get(key);
    if (rows === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, rows);
    return rows;
  }

  set(key: string, rows: Float32Array): void {
    this.#drop(key);
    if (rows.byteLength > this.#maxBytes) return;
    this.#kept.set(key, rows);
    this.#bytes += rows.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.byteLength ?? 0;
    this.#kept.delete(key);
  }
}
