import koffi from "koffi";
import { callAsync, type LlamaApi } from "./api.ts";
import { NativeBuffer } from "./buffers/buffer.ts";
import type { ModelPointer } from "./buffers/pointer.ts";
import type { ModelParams } from "./structs.ts";
import { Vocabulary } from "./vocabulary.ts";

export interface LoadOptions {
  /** Changes llama.cpp's defaults; every value must have the right type, which koffi does not check. */
  readonly params: Partial<ModelParams>;
  /** Some of `params.devices` are GPUs. */
  readonly usesGpu: boolean;
  /** Called on the JavaScript thread with 0 to 1; the load waits for it. */
  readonly onProgress: (progress: number) => void;
}

const progressType = koffi.proto("bool (float progress, void *data)");

/** A loaded model. */
export class Model {
  readonly pointer: ModelPointer;
  readonly vocabulary: Vocabulary;
  readonly usesGpu: boolean;
  readonly #llama: LlamaApi;

  private constructor(llama: LlamaApi, pointer: ModelPointer, usesGpu: boolean) {
    this.#llama = llama;
    this.pointer = pointer;
    this.usesGpu = usesGpu;
    this.vocabulary = new Vocabulary(llama, llama.modelVocab(pointer));
  }

  /** Loads a GGUF file; undefined when llama.cpp cannot, which says why only in its log. */
  static async load(
    llama: LlamaApi,
    path: string,
    { params, usesGpu, onProgress }: LoadOptions,
  ): Promise<Model | undefined> {
    const callback = koffi.register((progress: number) => {
      onProgress(progress);
      return true;
    }, koffi.pointer(progressType));
    try {
      const all = { ...llama.modelDefaultParams(), ...params, progress_callback: callback };
      const pointer = await callAsync(llama.modelLoad, path, all);
      return pointer === null ? undefined : new Model(llama, pointer, usesGpu);
    } finally {
      koffi.unregister(callback);
    }
  }

  get description(): string {
    return this.#string((buffer, size) => this.#llama.modelDescription(this.pointer, buffer, size)) ?? "";
  }

  get sizeBytes(): number {
    return Number(this.#llama.modelSize(this.pointer));
  }

  get parameters(): number {
    return Number(this.#llama.modelParameters(this.pointer));
  }

  get trainedContextLength(): number {
    return this.#llama.modelContextTrained(this.pointer);
  }

  get embeddingLength(): number {
    return this.#llama.modelEmbeddingOut(this.pointer);
  }

  /** Floats of a row that goes in instead of a token. */
  get embeddingInput(): number {
    return this.#llama.modelEmbeddingInput(this.pointer);
  }

  get layers(): number {
    return this.#llama.modelLayers(this.pointer);
  }

  /** false: a token's vector depends on those after it too. */
  get isCausal(): boolean {
    return this.metadata(`${this.metadata("general.architecture")}.attention.causal`) !== "false";
  }

  /** Tokens of the sliding attention window, 0 when there is none. */
  get slidingWindow(): number {
    return this.#llama.modelSlidingWindow(this.pointer);
  }

  /** Its memory is a state that cannot be cut back to an earlier token. */
  get isRecurrent(): boolean {
    return this.#llama.modelIsRecurrent(this.pointer) || this.#llama.modelIsHybrid(this.pointer);
  }

  get isEncoderDecoder(): boolean {
    return this.#llama.modelHasEncoder(this.pointer) && this.#llama.modelHasDecoder(this.pointer);
  }

  /** It turns texts into vectors through llama_encode alone (the encoder half of T5). */
  get isEncoder(): boolean {
    return this.#llama.modelHasEncoder(this.pointer) && !this.#llama.modelHasDecoder(this.pointer);
  }

  /** The names of what its classification head tells apart, as far as the GGUF has them. */
  get classLabels(): string[] {
    const classes = Array.from({ length: this.#llama.modelClasses(this.pointer) }, (_, index) => index);
    return classes.map((index) => this.#llama.modelClassLabel(this.pointer, index)).filter((label) => label !== null);
  }

  get isDiffusion(): boolean {
    return this.#llama.modelIsDiffusion(this.pointer);
  }

  /** A value of the GGUF's metadata as text; undefined when absent or an array. */
  metadata(key: string): string | undefined {
    return this.#string((buffer, size) => this.#llama.modelMeta(this.pointer, key, buffer, size));
  }

  metadataKeys(): string[] {
    return Array.from({ length: this.#llama.modelMetaCount(this.pointer) }, (_, index) =>
      this.#string((buffer, size) => this.#llama.modelMetaKey(this.pointer, index, buffer, size)),
    ).filter((key) => key !== undefined);
  }

  chatTemplate(name: string): string | undefined {
    return this.#llama.modelChatTemplate(this.pointer, name === "" ? null : name) ?? undefined;
  }

  /** Loads a LoRA adapter, which the model frees with itself; undefined when llama.cpp cannot. */
  async loadAdapter(path: string) {
    return (await callAsync(this.#llama.adapterInit, this.pointer, path)) ?? undefined;
  }

  free(): Promise<void> {
    return callAsync(this.#llama.modelFree, this.pointer);
  }

  #string(read: (buffer: Uint8Array | null, size: number) => number): string | undefined {
    const length = read(null, 0);
    if (length < 0) return undefined;
    const buffer = new Uint8Array(length + 1);
    read(buffer, buffer.length);
    return Buffer.from(buffer.subarray(0, length)).toString("utf8");
  }
}

/** Native arrays that a load reads; free them when it has ended. */
export function nativePointers(pointers: readonly (bigint | null)[]): NativeBuffer {
  const buffer = new NativeBuffer(pointers.length * 8);
  buffer.bigInt64.set(pointers.map((pointer) => BigInt.asIntN(64, pointer ?? 0n)));
  return buffer;
}
