import type { KoffiFunc } from "koffi";
import { CallGate } from "./threads/call-gate.ts";
import type { Libraries, Library } from "./libraries/libraries.ts";
import type * as p from "./buffers/pointer.ts";
import type { Batch, ContextParams, ModelParams } from "./structs.ts";

type Bytes = Uint8Array | Int32Array | Float32Array | bigint | null;

/** Types a library's functions: the C signature and the TypeScript one stand side by side. */
const binder =
  (library: Library) =>
  <F extends (...args: never[]) => unknown>(signature: string): KoffiFunc<F> =>
    library.func(signature) as unknown as KoffiFunc<F>;

/** Binds the functions of llama.h that we call. Throws when the library lacks one. */
export function bindLlama({ llama }: Pick<Libraries, "llama">) {
  const f = binder(llama);
  return {
    version: f<() => string>("const char *llama_version(void)"),
    maxDevices: f<() => number>("size_t llama_max_devices(void)"),

    modelDefaultParams: f<() => ModelParams>("llama_model_params llama_model_default_params(void)"),
    modelLoad: f<(path: string, params: ModelParams) => p.ModelPointer | null>(
      "void *llama_model_load_from_file(const char *path, llama_model_params params)",
    ),
    modelFree: f<(model: p.ModelPointer) => void>("void llama_model_free(void *model)"),
    modelVocab: f<(model: p.ModelPointer) => p.VocabPointer>("void *llama_model_get_vocab(void *model)"),
    modelContextTrained: f<(model: p.ModelPointer) => number>("int32_t llama_model_n_ctx_train(void *model)"),
    modelEmbeddingOut: f<(model: p.ModelPointer) => number>("int32_t llama_model_n_embd_out(void *model)"),
    modelEmbeddingInput: f<(model: p.ModelPointer) => number>("int32_t llama_model_n_embd_inp(void *model)"),
    modelLayers: f<(model: p.ModelPointer) => number>("int32_t llama_model_n_layer(void *model)"),
    modelSlidingWindow: f<(model: p.ModelPointer) => number>("int32_t llama_model_n_swa(void *model)"),
    modelSize: f<(model: p.ModelPointer) => number | bigint>("uint64_t llama_model_size(void *model)"),
    modelParameters: f<(model: p.ModelPointer) => number | bigint>("uint64_t llama_model_n_params(void *model)"),
    modelDescription: f<(model: p.ModelPointer, buffer: Bytes, size: number) => number>(
      "int32_t llama_model_desc(void *model, void *buf, size_t size)",
    ),
    modelMeta: f<(model: p.ModelPointer, key: string, buffer: Bytes, size: number) => number>(
      "int32_t llama_model_meta_val_str(void *model, const char *key, void *buf, size_t size)",
    ),
    modelMetaCount: f<(model: p.ModelPointer) => number>("int32_t llama_model_meta_count(void *model)"),
    modelMetaKey: f<(model: p.ModelPointer, index: number, buffer: Bytes, size: number) => number>(
      "int32_t llama_model_meta_key_by_index(void *model, int32_t i, void *buf, size_t size)",
    ),
    modelChatTemplate: f<(model: p.ModelPointer, name: string | null) => string | null>(
      "const char *llama_model_chat_template(void *model, const char *name)",
    ),
    modelHasEncoder: f<(model: p.ModelPointer) => boolean>("bool llama_model_has_encoder(void *model)"),
    modelHasDecoder: f<(model: p.ModelPointer) => boolean>("bool llama_model_has_decoder(void *model)"),
    modelClasses: f<(model: p.ModelPointer) => number>("uint32_t llama_model_n_cls_out(void *model)"),
    modelClassLabel: f<(model: p.ModelPointer, index: number) => string | null>(
      "const char *llama_model_cls_label(void *model, uint32_t i)",
    ),
    modelIsRecurrent: f<(model: p.ModelPointer) => boolean>("bool llama_model_is_recurrent(void *model)"),
    modelIsHybrid: f<(model: p.ModelPointer) => boolean>("bool llama_model_is_hybrid(void *model)"),
    modelIsDiffusion: f<(model: p.ModelPointer) => boolean>("bool llama_model_is_diffusion(void *model)"),

    vocabType: f<(vocab: p.VocabPointer) => number>("int llama_vocab_type(void *vocab)"),
    vocabSize: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_n_tokens(void *vocab)"),
    vocabText: f<(vocab: p.VocabPointer, token: number) => string | null>(
      "const char *llama_vocab_get_text(void *vocab, int32_t token)",
    ),
    vocabIsEog: f<(vocab: p.VocabPointer, token: number) => boolean>(
      "bool llama_vocab_is_eog(void *vocab, int32_t token)",
    ),
    vocabBos: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_bos(void *vocab)"),
    vocabEos: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_eos(void *vocab)"),
    vocabSep: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_sep(void *vocab)"),
    vocabAddsBos: f<(vocab: p.VocabPointer) => boolean>("bool llama_vocab_get_add_bos(void *vocab)"),
    vocabAddsEos: f<(vocab: p.VocabPointer) => boolean>("bool llama_vocab_get_add_eos(void *vocab)"),
    vocabAddsSep: f<(vocab: p.VocabPointer) => boolean>("bool llama_vocab_get_add_sep(void *vocab)"),
    vocabFimPrefix: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_fim_pre(void *vocab)"),
    vocabFimSuffix: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_fim_suf(void *vocab)"),
    vocabFimMiddle: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_fim_mid(void *vocab)"),
    vocabFimRepository: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_fim_rep(void *vocab)"),
    vocabFimFile: f<(vocab: p.VocabPointer) => number>("int32_t llama_vocab_fim_sep(void *vocab)"),
    vocabSuppressed: f<(vocab: p.VocabPointer, count: Int32Array) => bigint | null>(
      "void *llama_vocab_get_suppress_tokens(void *vocab, _Out_ int32_t *n)",
    ),
    tokenize: f<
      (
        vocab: p.VocabPointer,
        text: Bytes,
        textBytes: number,
        tokens: Bytes,
        capacity: number,
        addSpecial: boolean,
        parseSpecial: boolean,
      ) => number
    >(
      "int32_t llama_tokenize(void *vocab, const void *text, int32_t len, void *tokens, int32_t n, bool add_special, bool parse_special)",
    ),
    tokenToPiece: f<
      (vocab: p.VocabPointer, token: number, buffer: Bytes, size: number, strip: number, special: boolean) => number
    >("int32_t llama_token_to_piece(void *vocab, int32_t token, void *buf, int32_t len, int32_t lstrip, bool special)"),

    contextDefaultParams: f<() => ContextParams>("llama_context_params llama_context_default_params(void)"),
    contextInit: f<(model: p.ModelPointer, params: ContextParams) => p.ContextPointer | null>(
      "void *llama_init_from_model(void *model, llama_context_params params)",
    ),
    contextFree: f<(context: p.ContextPointer) => void>("void llama_free(void *ctx)"),
    contextSize: f<(context: p.ContextPointer) => number>("uint32_t llama_n_ctx(void *ctx)"),
    contextSizePerSequence: f<(context: p.ContextPointer) => number>("uint32_t llama_n_ctx_seq(void *ctx)"),
    contextBatch: f<(context: p.ContextPointer) => number>("uint32_t llama_n_batch(void *ctx)"),
    contextMicroBatch: f<(context: p.ContextPointer) => number>("uint32_t llama_n_ubatch(void *ctx)"),
    contextSequences: f<(context: p.ContextPointer) => number>("uint32_t llama_n_seq_max(void *ctx)"),
    contextPooling: f<(context: p.ContextPointer) => number>("int llama_pooling_type(void *ctx)"),
    contextMemory: f<(context: p.ContextPointer) => p.MemoryPointer | null>("void *llama_get_memory(void *ctx)"),
    contextSetThreads: f<(context: p.ContextPointer, threads: number, batchThreads: number) => void>(
      "void llama_set_n_threads(void *ctx, int32_t n, int32_t n_batch)",
    ),
    attachThreadpool: f<(context: p.ContextPointer, pool: p.ThreadpoolPointer, batchPool: p.ThreadpoolPointer) => void>(
      "void llama_attach_threadpool(void *ctx, void *pool, void *pool_batch)",
    ),
    contextSetCausal: f<(context: p.ContextPointer, causal: boolean) => void>(
      "void llama_set_causal_attn(void *ctx, bool causal_attn)",
    ),
    decode: f<(context: p.ContextPointer, batch: Batch) => number>(
      "int32_t llama_decode(void *ctx, llama_batch batch)",
    ),
    encode: f<(context: p.ContextPointer, batch: Batch) => number>(
      "int32_t llama_encode(void *ctx, llama_batch batch)",
    ),
    synchronize: f<(context: p.ContextPointer) => void>("void llama_synchronize(void *ctx)"),
    logitsOf: f<(context: p.ContextPointer, row: number) => p.FloatsPointer | null>(
      "void *llama_get_logits_ith(void *ctx, int32_t i)",
    ),
    embeddings: f<(context: p.ContextPointer) => p.FloatsPointer | null>("void *llama_get_embeddings(void *ctx)"),
    embeddingOfSequence: f<(context: p.ContextPointer, sequence: number) => p.FloatsPointer | null>(
      "void *llama_get_embeddings_seq(void *ctx, int32_t seq)",
    ),

    memoryClear: f<(memory: p.MemoryPointer, data: boolean) => void>("void llama_memory_clear(void *mem, bool data)"),
    memoryRemove: f<(memory: p.MemoryPointer, sequence: number, from: number, to: number) => boolean>(
      "bool llama_memory_seq_rm(void *mem, int32_t seq, int32_t p0, int32_t p1)",
    ),
    memoryCopy: f<(memory: p.MemoryPointer, source: number, target: number, from: number, to: number) => void>(
      "void llama_memory_seq_cp(void *mem, int32_t src, int32_t dst, int32_t p0, int32_t p1)",
    ),

    stateSize: f<(context: p.ContextPointer, sequence: number) => number>(
      "size_t llama_state_seq_get_size(void *ctx, int32_t seq)",
    ),
    stateRead: f<(context: p.ContextPointer, target: bigint, size: number, sequence: number) => number>(
      "size_t llama_state_seq_get_data(void *ctx, void *dst, size_t size, int32_t seq)",
    ),
    stateWrite: f<(context: p.ContextPointer, source: bigint, size: number, sequence: number) => number>(
      "size_t llama_state_seq_set_data(void *ctx, void *src, size_t size, int32_t seq)",
    ),

    adapterInit: f<(model: p.ModelPointer, path: string) => p.AdapterPointer | null>(
      "void *llama_adapter_lora_init(void *model, const char *path)",
    ),
    setAdapters: f<
      (context: p.ContextPointer, adapters: p.AdapterPointer[], count: number, scales: number[]) => number
    >("int32_t llama_set_adapters_lora(void *ctx, void **adapters, size_t n, float *scales)"),
  };
}

/** Binds llama.h's samplers. */
export function bindSamplers({ llama }: Pick<Libraries, "llama">) {
  const f = binder(llama);
  type Sampler = p.SamplerPointer;
  return {
    chain: f<(params: { no_perf: boolean }) => Sampler>(
      "void *llama_sampler_chain_init(llama_sampler_chain_params params)",
    ),
    add: f<(chain: Sampler, sampler: Sampler) => void>("void llama_sampler_chain_add(void *chain, void *smpl)"),
    free: f<(sampler: Sampler) => void>("void llama_sampler_free(void *smpl)"),
    clone: f<(sampler: Sampler) => Sampler>("void *llama_sampler_clone(void *smpl)"),
    accept: f<(sampler: Sampler, token: number) => void>("void llama_sampler_accept(void *smpl, int32_t token)"),
    apply: f<(sampler: Sampler, candidates: bigint) => void>("void llama_sampler_apply(void *smpl, void *cur_p)"),
    sample: f<(chain: Sampler, context: p.ContextPointer, row: number) => number>(
      "int32_t llama_sampler_sample(void *smpl, void *ctx, int32_t idx)",
    ),
    greedy: f<() => Sampler>("void *llama_sampler_init_greedy(void)"),
    dist: f<(seed: number) => Sampler>("void *llama_sampler_init_dist(uint32_t seed)"),
    topK: f<(k: number) => Sampler>("void *llama_sampler_init_top_k(int32_t k)"),
    topP: f<(value: number, keep: number) => Sampler>("void *llama_sampler_init_top_p(float p, size_t keep)"),
    minP: f<(value: number, keep: number) => Sampler>("void *llama_sampler_init_min_p(float p, size_t keep)"),
    typical: f<(value: number, keep: number) => Sampler>("void *llama_sampler_init_typical(float p, size_t keep)"),
    topNSigma: f<(n: number) => Sampler>("void *llama_sampler_init_top_n_sigma(float n)"),
    temperature: f<(t: number, delta: number, exponent: number) => Sampler>(
      "void *llama_sampler_init_temp_ext(float t, float delta, float exponent)",
    ),
    xtc: f<(probability: number, threshold: number, keep: number, seed: number) => Sampler>(
      "void *llama_sampler_init_xtc(float p, float t, size_t keep, uint32_t seed)",
    ),
    mirostat: f<(vocab: number, seed: number, tau: number, eta: number, m: number) => Sampler>(
      "void *llama_sampler_init_mirostat(int32_t n_vocab, uint32_t seed, float tau, float eta, int32_t m)",
    ),
    mirostat2: f<(seed: number, tau: number, eta: number) => Sampler>(
      "void *llama_sampler_init_mirostat_v2(uint32_t seed, float tau, float eta)",
    ),
    penalties: f<(vocab: number, lastN: number, repeat: number, frequency: number, presence: number) => Sampler>(
      "void *llama_sampler_init_penalties(int32_t n_vocab, int32_t last_n, float repeat, float freq, float present)",
    ),
    dry: f<
      (
        vocab: p.VocabPointer,
        multiplier: number,
        base: number,
        allowed: number,
        lastN: number,
        breakers: readonly string[],
        count: number,
      ) => Sampler
    >(
      "void *llama_sampler_init_dry(void *vocab, float multiplier, float base, int32_t allowed, int32_t last_n, const char **breakers, size_t n)",
    ),
    logitBias: f<(vocab: number, count: number, biases: Bytes) => Sampler>(
      "void *llama_sampler_init_logit_bias(int32_t n_vocab, int32_t n, const void *bias)",
    ),
  };
}

/** Binds the device functions of ggml. */
export function bindDevices({ ggml, ggmlBase }: Pick<Libraries, "ggml" | "ggmlBase">) {
  const registry = binder(ggml);
  const device = binder(ggmlBase);
  return {
    count: registry<() => number>("size_t ggml_backend_dev_count(void)"),
    at: registry<(index: number) => p.DevicePointer>("void *ggml_backend_dev_get(size_t index)"),
    byType: registry<(type: number) => p.DevicePointer | null>("void *ggml_backend_dev_by_type(int type)"),
    nameOf: device<(of: p.DevicePointer) => string>("const char *ggml_backend_dev_name(void *dev)"),
    descriptionOf: device<(of: p.DevicePointer) => string>("const char *ggml_backend_dev_description(void *dev)"),
    typeOf: device<(of: p.DevicePointer) => number>("int ggml_backend_dev_type(void *dev)"),
    memoryOf: device<(of: p.DevicePointer, free: BigUint64Array, total: BigUint64Array) => void>(
      "void ggml_backend_dev_memory(void *dev, _Out_ size_t *free, _Out_ size_t *total)",
    ),
    registryOf: device<(of: p.DevicePointer) => p.AnyPointer>("void *ggml_backend_dev_backend_reg(void *dev)"),
    procAddress: device<(registry: p.AnyPointer, name: string) => p.AnyPointer | null>(
      "void *ggml_backend_reg_get_proc_address(void *reg, const char *name)",
    ),
    threadpoolParams: device<(params: bigint, threads: number) => void>(
      "void ggml_threadpool_params_init(void *params, int threads)",
    ),
  };
}

/** Binds what reads a GGUF file's table of contents. */
export function bindGguf({ ggmlBase }: Pick<Libraries, "ggmlBase">) {
  const f = binder(ggmlBase);
  return {
    open: f<(path: string, params: { no_alloc: boolean; ctx: null }) => p.AnyPointer | null>(
      "void *gguf_init_from_file(const char *path, gguf_init_params params)",
    ),
    findTensor: f<(file: p.AnyPointer, name: string) => number>(
      "int64_t gguf_find_tensor(void *ctx, const char *name)",
    ),
    close: f<(file: p.AnyPointer) => void>("void gguf_free(void *ctx)"),
  };
}

export type LlamaApi = ReturnType<typeof bindLlama>;
export type SamplerApi = ReturnType<typeof bindSamplers>;
export type GgufApi = ReturnType<typeof bindGguf>;
export type DeviceApi = ReturnType<typeof bindDevices>;

/** One for the process: so are the threads that it keeps free. */
const gate = new CallGate();

/**
 * Runs a bound function on another thread, when few enough others do. Whatever memory it reads must be native, or be
 * held by the caller.
 */
export function callAsync<A extends unknown[], R>(fn: KoffiFunc<(...args: A) => R>, ...args: A): Promise<R> {
  return gate.run(() => callAtOnce(fn, ...args));
}

/** The same for what everybody waits for, and of which there is one at a time: it goes before all others. */
export function callAtOnce<A extends unknown[], R>(fn: KoffiFunc<(...args: A) => R>, ...args: A): Promise<R> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result: R): void => {
      if (error === null || error === undefined) resolve(result);
      else reject(error instanceof Error ? error : new Error("a native call failed", { cause: error }));
    };
    (fn.async as (...args: [...A, typeof done]) => void)(...args, done);
  });
}
