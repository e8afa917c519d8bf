declare const kind: unique symbol;

/** An address in native memory, branded with what lives there, so that no number passes for one. */
export type Pointer<Kind extends string> = bigint & { readonly [kind]: Kind };

export type ModelPointer = Pointer<"llama_model">;
export type VocabPointer = Pointer<"llama_vocab">;
export type ContextPointer = Pointer<"llama_context">;
export type MemoryPointer = Pointer<"llama_memory">;
export type SamplerPointer = Pointer<"llama_sampler">;
export type AdapterPointer = Pointer<"llama_adapter_lora">;
export type DevicePointer = Pointer<"ggml_backend_dev">;
export type ThreadpoolPointer = Pointer<"ggml_threadpool">;
export type FloatsPointer = Pointer<"float">;
export type AnyPointer = Pointer<string>;
