import koffi, { type KoffiFunc } from "koffi";
import type { Library } from "../libraries/libraries.ts";
import type { AnyPointer, DevicePointer, FloatsPointer, ModelPointer, Pointer } from "../buffers/pointer.ts";

export type MtmdPointer = Pointer<"mtmd_context">;
export type BitmapPointer = Pointer<"mtmd_bitmap">;
export type ChunksPointer = Pointer<"mtmd_input_chunks">;
export type ChunkPointer = Pointer<"mtmd_input_chunk">;
export type PacePointer = Pointer<"tokenwire_pace">;
export type EncoderPointer = Pointer<"tokenwire_encoder">;

const paramsType = koffi.struct("mtmd_context_params", {
  use_gpu: "bool",
  device: "void *",
  print_timings: "bool",
  n_threads: "int",
  image_marker: "void *",
  media_marker: "void *",
  flash_attn_type: "int",
  warmup: "bool",
  image_min_tokens: "int",
  image_max_tokens: "int",
  cb_eval: "void *",
  cb_eval_user_data: "void *",
  batch_max_tokens: "int32_t",
  progress_callback: "void *",
  progress_callback_user_data: "void *",
});

export interface MtmdParams {
  use_gpu: boolean;
  device: DevicePointer | null;
  print_timings: boolean;
  n_threads: number;
  image_marker: bigint | null;
  media_marker: bigint | null;
  flash_attn_type: number;
  warmup: boolean;
  image_min_tokens: number;
  image_max_tokens: number;
  cb_eval: bigint | null;
  cb_eval_user_data: bigint | null;
  batch_max_tokens: number;
  progress_callback: bigint | null;
  progress_callback_user_data: bigint | null;
}

/** Offsets inside mtmd_input_text {char *text; size_t text_len; bool add_special, parse_special}. */
export const inputText = { bytes: 24, text: 0, length: 8, addSpecial: 16, parseSpecial: 17 } as const;

/** What tokenwire_decode_image and tokenwire_decode_audio return. */
export const decoded = { done: 0, broken: 1, tooLarge: 2, noMemory: 3 } as const;

/** mtmd_input_chunk_type. */
export const chunkTypes = ["text", "image", "audio"] as const;

/**
 * Binds the functions of mtmd.h that we call, and those of our own in the same library (tokenwire-mtmd.cpp). Throws when
 * the library lacks one, was compiled from another release of llama.cpp, or has other structs.
 */
export function bindMtmd(library: Library, release: string) {
  const f = <F extends (...args: never[]) => unknown>(signature: string): KoffiFunc<F> =>
    library.func(signature) as unknown as KoffiFunc<F>;
  const api = {
    release: f<() => string>("const char *tokenwire_release(void)"),
    defaultParams: f<() => MtmdParams>("mtmd_context_params mtmd_context_params_default(void)"),
    init: f<(path: string, model: ModelPointer, params: MtmdParams) => MtmdPointer | null>(
      "void *mtmd_init_from_file(const char *path, void *model, mtmd_context_params params)",
    ),
    free: f<(context: MtmdPointer) => void>("void mtmd_free(void *ctx)"),
    seesPictures: f<(context: MtmdPointer) => boolean>("bool mtmd_support_vision(void *ctx)"),
    hearsSounds: f<(context: MtmdPointer) => boolean>("bool mtmd_support_audio(void *ctx)"),
    sampleRate: f<(context: MtmdPointer) => number>("int mtmd_get_audio_sample_rate(void *ctx)"),
    usesMrope: f<(context: MtmdPointer) => boolean>("bool mtmd_decode_use_mrope(void *ctx)"),
    isNonCausal: f<(context: MtmdPointer, chunk: ChunkPointer) => boolean>(
      "bool mtmd_decode_use_non_causal(void *ctx, void *chunk)",
    ),

    setBitmapId: f<(bitmap: BitmapPointer, id: string) => void>(
      "void mtmd_bitmap_set_id(void *bitmap, const char *id)",
    ),
    freeBitmap: f<(bitmap: BitmapPointer) => void>("void mtmd_bitmap_free(void *bitmap)"),

    tokenize: f<(context: MtmdPointer, target: ChunksPointer, text: bigint, bitmaps: bigint, count: number) => number>(
      "int32_t mtmd_tokenize(void *ctx, void *output, void *text, void *bitmaps, size_t n_bitmaps)",
    ),
    createChunks: f<() => ChunksPointer>("void *mtmd_input_chunks_init(void)"),
    chunkCount: f<(chunks: ChunksPointer) => number>("size_t mtmd_input_chunks_size(void *chunks)"),
    chunkAt: f<(chunks: ChunksPointer, index: number) => ChunkPointer>(
      "void *mtmd_input_chunks_get(void *chunks, size_t idx)",
    ),
    freeChunks: f<(chunks: ChunksPointer) => void>("void mtmd_input_chunks_free(void *chunks)"),
    chunkType: f<(chunk: ChunkPointer) => number>("int mtmd_input_chunk_get_type(void *chunk)"),
    chunkText: f<(chunk: ChunkPointer, count: BigUint64Array) => bigint | null>(
      "void *mtmd_input_chunk_get_tokens_text(void *chunk, _Out_ size_t *n)",
    ),
    chunkRows: f<(chunk: ChunkPointer) => number>("size_t mtmd_input_chunk_get_n_tokens(void *chunk)"),
    chunkPositions: f<(chunk: ChunkPointer) => number>("int32_t mtmd_input_chunk_get_n_pos(void *chunk)"),
    chunkId: f<(chunk: ChunkPointer) => string | null>("const char *mtmd_input_chunk_get_id(void *chunk)"),
    output: f<(context: MtmdPointer) => FloatsPointer | null>("void *mtmd_get_output_embd(void *ctx)"),

    keepLog: f<() => void>("void tokenwire_keep_log(void)"),
    takeLog: f<(target: Uint8Array, size: number) => number>("size_t tokenwire_take_log(void *target, size_t size)"),
    decodeImage: f<
      (data: bigint, size: number, maxPixels: number, maxSide: number, onlySize: boolean, result: bigint) => number
    >(
      "int tokenwire_decode_image(void *data, size_t size, uint64_t max_pixels, int max_side, bool only_size, void *result)",
    ),
    decodeAudio: f<(data: bigint, size: number, rate: number, maxSamples: number, result: bigint) => number>(
      "int tokenwire_decode_audio(void *data, size_t size, int rate, uint64_t max_samples, void *result)",
    ),
    rowPositions: f<(chunk: ChunkPointer, first: number, target: Int32Array) => void>(
      "void tokenwire_positions(void *chunk, int32_t first, void *target)",
    ),
    createPace: f<() => PacePointer>("void *tokenwire_pace_create(void)"),
    freePace: f<(pace: PacePointer) => void>("void tokenwire_pace_free(void *pace)"),
    createEncoder: f<(context: MtmdPointer, chunk: ChunkPointer, pace: PacePointer) => EncoderPointer | null>(
      "void *tokenwire_encoder_create(void *ctx, void *chunk, void *pace)",
    ),
    runEncoder: f<(encoder: EncoderPointer, ms: number) => number>(
      "int tokenwire_encoder_run(void *encoder, double ms)",
    ),
    freeEncoder: f<(encoder: EncoderPointer) => void>("void tokenwire_encoder_free(void *encoder)"),
    memoryUse: f<
      (
        path: string,
        useGpu: boolean,
        device: DevicePointer | null,
        devices: BigUint64Array,
        bytes: BigUint64Array,
        max: number,
      ) => number
    >(
      "int tokenwire_memory_use(const char *path, bool use_gpu, void *device, _Out_ uint64_t *devices, _Out_ uint64_t *bytes, int max)",
    ),
  };
  const paceStep: unknown = library.symbol("tokenwire_pace_step", koffi.proto("bool", ["void *", "bool", "void *"]));
  check(api, release);
  api.keepLog();
  return { ...api, paceStep: koffi.address(paceStep) as AnyPointer };
}

export type MtmdApi = ReturnType<typeof bindMtmd>;

const defaults = {
  use_gpu: true,
  print_timings: true,
  n_threads: 4,
  flash_attn_type: -1,
  warmup: true,
  image_min_tokens: -1,
  image_max_tokens: -1,
  batch_max_tokens: 1024,
};

/** As abi-check.ts does for llama.h; the sizes on the other side are checked when it is compiled. */
function check(api: Pick<MtmdApi, "release" | "defaultParams">, release: string): void {
  const compiled = api.release();
  if (compiled !== release) throw mismatch(`it was compiled from llama.cpp ${compiled}, ${release} is loaded`);
  const bytes = koffi.sizeof(paramsType);
  if (bytes !== 96) throw mismatch(`mtmd_context_params has ${bytes} bytes here, 96 there`);
  const params = api.defaultParams();
  for (const [field, value] of Object.entries(defaults))
    if (params[field as keyof MtmdParams] !== value) throw mismatch(`${field} is not ${String(value)} by default`);
}

function mismatch(why: string): Error {
  return new Error(
    `llama.cpp's multimodal library does not fit this release of Tokenwire: ${why}. Build it again: tokenwire build-multimodal --force`,
  );
}
