import { callAsync, callAtOnce, type LlamaApi } from "./api.ts";
import type { Batch } from "./batch.ts";
import { floatsAt, NativeBuffer } from "./buffers/buffer.ts";
import type { Model } from "./model.ts";
import type { AdapterScales, AdapterSet } from "./adapter-set.ts";
import type { ContextPointer, MemoryPointer } from "./buffers/pointer.ts";
import type { ContextParams } from "./structs.ts";
import type { Threadpool } from "./threads/threadpool.ts";

export interface ContextOptions {
  /** Changes llama.cpp's defaults; every value must have the right type, which koffi does not check. */
  readonly params: Partial<ContextParams>;
  readonly threadpool: Threadpool;
  readonly adapters: AdapterSet;
}

/**
 * A llama_context. One owner, and while a decode runs no other call: native code does not check it. Row and sequence
 * numbers are checked by llama.cpp only by ending the process, so callers keep them in range.
 */
export class Context {
  readonly pointer: ContextPointer;
  /** Tokens that one sequence may hold. */
  readonly sequenceLength: number;
  readonly cells: number;
  readonly batchTokens: number;
  readonly microBatchTokens: number;
  readonly sequences: number;
  /** llama_pooling_type: 0 none, 1 mean, 2 cls, 3 last, 4 rank. */
  readonly pooling: number;
  readonly #llama: LlamaApi;
  readonly #memory: MemoryPointer | null;
  readonly #threadpool: Threadpool;
  readonly #usesGpu: boolean;
  #threads: number | undefined;
  #batchThreads: number | undefined;
  readonly #adapters: AdapterSet;
  #scales: AdapterScales = [];

  private constructor(
    llama: LlamaApi,
    pointer: ContextPointer,
    usesGpu: boolean,
    { threadpool, adapters }: ContextOptions,
  ) {
    this.#llama = llama;
    this.pointer = pointer;
    this.cells = llama.contextSize(pointer);
    this.sequenceLength = llama.contextSizePerSequence(pointer);
    this.batchTokens = llama.contextBatch(pointer);
    this.microBatchTokens = llama.contextMicroBatch(pointer);
    this.sequences = llama.contextSequences(pointer);
    this.pooling = llama.contextPooling(pointer);
    this.#memory = llama.contextMemory(pointer);
    this.#threadpool = threadpool;
    this.#adapters = adapters;
    this.#usesGpu = usesGpu;
    llama.attachThreadpool(pointer, threadpool.pointer, threadpool.pointer);
  }

  /** Creates a context; undefined when llama.cpp cannot (mostly: memory), which says why only in its log. */
  static async create(llama: LlamaApi, model: Model, options: ContextOptions): Promise<Context | undefined> {
    const all = { ...llama.contextDefaultParams(), ...options.params };
    const pointer = await callAsync(llama.contextInit, model.pointer, all);
    if (pointer === null) return undefined;
    const context = new Context(llama, pointer, model.usesGpu, options);
    context.useAdapters();
    return context;
  }

  /** false: the model keeps no state between calls (BERT and its kind). */
  get hasMemory(): boolean {
    return this.#memory !== null;
  }

  /**
   * llama_decode's return code: 0 done, 1 no room in the KV cache (nothing changed), else failed. Rows that are not
   * causal see each other in both directions: all of them have to be in one micro-batch.
   */
  async decode(batch: Pick<Batch, "struct">, { isCausal = true }: { isCausal?: boolean } = {}): Promise<number> {
    if (!isCausal) this.#llama.contextSetCausal(this.pointer, false);
    try {
      const code = await callAtOnce(this.#llama.decode, this.pointer, batch.struct);
      await this.#computed();
      return code;
    } finally {
      if (!isCausal) this.#llama.contextSetCausal(this.pointer, true);
    }
  }

  /** The same, while this thread waits: for what is shorter than handing it to another thread. */
  decodeHere(batch: Pick<Batch, "struct">): number {
    const code = this.#threadpool.here(() => this.#llama.decode(this.pointer, batch.struct));
    if (this.#usesGpu) this.#llama.synchronize(this.pointer);
    return code;
  }

  async encode(batch: Batch): Promise<number> {
    const code = await callAtOnce(this.#llama.encode, this.pointer, batch.struct);
    await this.#computed();
    return code;
  }

  /**
   * Where a GPU computes, llama.cpp returns before the work is done. Waits for it on another thread: reading a row of
   * logits would wait on this one, which serves everybody.
   */
  async #computed(): Promise<void> {
    if (this.#usesGpu) await callAtOnce(this.#llama.synchronize, this.pointer);
  }

  /** The logits of a flagged token of the last batch: a view that the next decode overwrites. */
  logits(index: number, vocabularySize: number): Float32Array {
    const pointer = this.#llama.logitsOf(this.pointer, index);
    if (pointer === null) throw new Error(`the batch's token ${index} has no logits`);
    return floatsAt(pointer, vocabularySize);
  }

  /**
   * Without pooling: the vectors of the last batch's tokens, one after another, in the order of the batch. A view that
   * the next decode overwrites.
   */
  tokenEmbeddings(tokens: number, length: number): Float32Array {
    const pointer = this.#llama.embeddings(this.pointer);
    if (pointer === null) throw new Error("the context makes no embeddings");
    return floatsAt(pointer, tokens * length);
  }

  /** What the classification head said of a sequence of the last batch: the first of its numbers. */
  rank(sequence: number): number {
    const pointer = this.#llama.embeddingOfSequence(this.pointer, sequence);
    if (pointer === null) throw new Error(`sequence ${sequence} was not ranked`);
    return floatsAt(pointer, 1)[0] ?? NaN;
  }

  /** Removes a sequence's cells from a position on (-1: all); false when its kind of memory cannot (nothing changed). */
  seqRm(sequence: number, from: number): boolean {
    return this.#memory === null || this.#llama.memoryRemove(this.#memory, sequence, from, -1);
  }

  /** Copies a whole sequence over another. */
  seqCp(source: number, target: number): void {
    if (this.#memory === null) return;
    this.#llama.memoryRemove(this.#memory, target, -1, -1);
    this.#llama.memoryCopy(this.#memory, source, target, -1, -1);
  }

  /** How much a sequence's state takes. */
  stateBytes(sequence: number): number {
    return this.#llama.stateSize(this.pointer, sequence);
  }

  /** A copy of a sequence's state, of `bytes` as stateBytes said; undefined when it could not be made. */
  async readState(sequence: number, bytes: number): Promise<NativeBuffer | undefined> {
    const data = new NativeBuffer(bytes);
    if ((await callAsync(this.#llama.stateRead, this.pointer, data.address, bytes, sequence)) > 0) return data;
    data.free();
    return undefined;
  }

  /** Replaces a sequence by a state that was read from a context made alike; false: it is empty now. */
  async writeState(sequence: number, data: NativeBuffer): Promise<boolean> {
    return (await callAsync(this.#llama.stateWrite, this.pointer, data.address, data.size, sequence)) > 0;
  }

  clear(): void {
    if (this.#memory !== null) this.#llama.memoryClear(this.#memory, false);
  }

  /** How many threads of the pool compute batches of one token, and longer ones, from the next call on. */
  setThreads(threads: number, batchThreads: number): void {
    this.#threadpool.place(Math.max(threads, batchThreads));
    if (threads === this.#threads && batchThreads === this.#batchThreads) return;
    this.#llama.contextSetThreads(this.pointer, threads, batchThreads);
    this.#threads = threads;
    this.#batchThreads = batchThreads;
  }

  /** How strongly the adapters are applied from the next call on; unset: as the model has them now. */
  useAdapters(scales: AdapterScales = this.#adapters.scales): void {
    if (scales.every((scale, index) => scale === this.#scales[index])) return;
    const code = this.#llama.setAdapters(this.pointer, [...this.#adapters.pointers], scales.length, [...scales]);
    if (code !== 0) throw new Error(`llama.cpp refused the LoRA adapters (${code})`);
    this.#scales = scales;
  }

  free(): Promise<void> {
    return callAsync(this.#llama.contextFree, this.pointer);
  }
}
