// What Tokenwire needs beside libmtmd's own C functions, compiled into the same library: files are decoded within
// bounds, an exception never leaves a C function, and a picture is encoded in pieces, so that a decode can come between.

#include "mtmd.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define MINIAUDIO_IMPLEMENTATION
#define MA_NO_ENCODING
#define MA_NO_DEVICE_IO
#define MA_NO_RESOURCE_MANAGER
#define MA_NO_NODE_GRAPH
#define MA_NO_ENGINE
#define MA_NO_GENERATION
#define MA_API static
#include "miniaudio/miniaudio.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_HDR
#define STBI_NO_PIC
#define STBI_NO_PSD
#define STBI_NO_PNM
#define STBI_NO_TGA
#include "stb/stb_image.h"

#if defined(_WIN32)
#define TOKENWIRE_API extern "C" __declspec(dllexport)
#else
#define TOKENWIRE_API extern "C" __attribute__((visibility("default")))
#endif

using clock_type = std::chrono::steady_clock;

// What our side declares of libmtmd's structs (native/mtmd/structs.ts).
static_assert(sizeof(mtmd_context_params) == 96, "mtmd_context_params has changed");
static_assert(sizeof(mtmd_input_text) == 24, "mtmd_input_text has changed");

// The release of llama.cpp that this was compiled from.
TOKENWIRE_API const char * tokenwire_release(void) {
    return TOKENWIRE_RELEASE;
}

// ---------------------------------------------------------------------------------------------------------------------
// The log: the last problems, for whoever has to say why something failed. libmtmd would write them to stderr.

static std::mutex log_mutex;
static std::string log_text;
static constexpr size_t max_log_bytes = 4096;

static void keep_problem(ggml_log_level level, const char * text, void *) {
    if (level != GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_WARN) return;
    std::lock_guard<std::mutex> lock(log_mutex);
    log_text += text;
    if (log_text.size() > max_log_bytes) log_text.erase(0, log_text.size() - max_log_bytes);
}

TOKENWIRE_API void tokenwire_keep_log(void) {
    mtmd_log_set(keep_problem, nullptr);
}

// Copies what was kept, without an end mark, forgets it, and returns how many bytes it was.
TOKENWIRE_API size_t tokenwire_take_log(char * target, size_t size) {
    std::lock_guard<std::mutex> lock(log_mutex);
    const size_t length = std::min(size, log_text.size());
    std::memcpy(target, log_text.data(), length);
    log_text.clear();
    return length;
}

// ---------------------------------------------------------------------------------------------------------------------
// Decoding. 0: done, 1: not a file of a known kind or a broken one, 2: larger than the bound, 3: no memory.

enum decode_result { DECODED = 0, BROKEN = 1, TOO_LARGE = 2, NO_MEMORY = 3 };

// Scales an RGB picture down by taking the mean of the pixels that fall into each new one.
static std::vector<unsigned char> shrink(const unsigned char * from, int nx, int ny, int to_x, int to_y) {
    std::vector<unsigned char> to((size_t) to_x * to_y * 3);
    for (int y = 0; y < to_y; y++) {
        const int y0 = (int) ((int64_t) y * ny / to_y), y1 = std::max(y0 + 1, (int) ((int64_t) (y + 1) * ny / to_y));
        for (int x = 0; x < to_x; x++) {
            const int x0 = (int) ((int64_t) x * nx / to_x), x1 = std::max(x0 + 1, (int) ((int64_t) (x + 1) * nx / to_x));
            uint64_t sum[3] = {0, 0, 0};
            for (int v = y0; v < y1; v++)
                for (int u = x0; u < x1; u++)
                    for (int c = 0; c < 3; c++) sum[c] += from[((size_t) v * nx + u) * 3 + c];
            const uint64_t count = (uint64_t) (y1 - y0) * (x1 - x0);
            for (int c = 0; c < 3; c++) to[((size_t) y * to_x + x) * 3 + c] = (unsigned char) ((sum[c] + count / 2) / count);
        }
    }
    return to;
}

// A PNG, JPEG, GIF (its first frame) or BMP. `max_side` 0: as large as it is; else scaled down until both sides fit.
// With `only_size` the result has no pixels and only takes part in counting tokens.
TOKENWIRE_API int tokenwire_decode_image(
        const unsigned char * data, size_t size, uint64_t max_pixels, int max_side, bool only_size, mtmd_bitmap ** result) {
    try {
        int nx = 0, ny = 0, channels = 0;
        if (size > INT32_MAX) return TOO_LARGE;
        if (!stbi_info_from_memory(data, (int) size, &nx, &ny, &channels) || nx <= 0 || ny <= 0) return BROKEN;
        if ((uint64_t) nx * (uint64_t) ny > max_pixels) return TOO_LARGE;
        int to_x = nx, to_y = ny;
        if (max_side > 0 && std::max(nx, ny) > max_side) {
            to_x = std::max(1, (int) ((int64_t) nx * max_side / std::max(nx, ny)));
            to_y = std::max(1, (int) ((int64_t) ny * max_side / std::max(nx, ny)));
        }
        if (only_size) {
            *result = mtmd_bitmap_init(to_x, to_y, nullptr);
            return DECODED;
        }
        std::unique_ptr<unsigned char, void (*)(void *)> pixels(
            stbi_load_from_memory(data, (int) size, &nx, &ny, &channels, 3), stbi_image_free);
        if (!pixels) return BROKEN;
        if (to_x == nx && to_y == ny) *result = mtmd_bitmap_init(nx, ny, pixels.get());
        else *result = mtmd_bitmap_init(to_x, to_y, shrink(pixels.get(), nx, ny, to_x, to_y).data());
        return DECODED;
    } catch (const std::exception &) {
        return NO_MEMORY;
    }
}

// A wav, mp3 or flac, mixed down to one channel at the given rate. Lengths that the file claims are not believed.
TOKENWIRE_API int tokenwire_decode_audio(
        const unsigned char * data, size_t size, int sample_rate, uint64_t max_samples, mtmd_bitmap ** result) {
    try {
        ma_decoder_config config = ma_decoder_config_init(ma_format_f32, 1, (ma_uint32) sample_rate);
        ma_decoder decoder;
        if (ma_decoder_init_memory(data, size, &config, &decoder) != MA_SUCCESS) return BROKEN;
        std::unique_ptr<ma_decoder, ma_result (*)(ma_decoder *)> guard(&decoder, ma_decoder_uninit);
        std::vector<float> samples;
        static constexpr size_t block = 1 << 16;
        for (;;) {
            const size_t have = samples.size();
            samples.resize(have + block);
            ma_uint64 read = 0;
            const ma_result code = ma_decoder_read_pcm_frames(&decoder, samples.data() + have, block, &read);
            samples.resize(have + (size_t) read);
            if (samples.size() > max_samples) return TOO_LARGE;
            if (code != MA_SUCCESS || read < block) break;
        }
        // libmtmd asserts that there is more than one sample.
        if (samples.size() < 2) return BROKEN;
        *result = mtmd_bitmap_init_from_audio(samples.size(), samples.data());
        return DECODED;
    } catch (const std::exception &) {
        return NO_MEMORY;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The positions of a chunk's rows that M-RoPE wants: four numbers for each, as llama_batch has them: all of the first
// kind, then all of the second...

TOKENWIRE_API void tokenwire_positions(const mtmd_input_chunk * chunk, int32_t first, int32_t * target) {
    const size_t rows = mtmd_input_chunk_get_n_tokens(chunk);
    const mtmd_image_tokens * image = mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_IMAGE
        ? mtmd_input_chunk_get_tokens_image(chunk) : nullptr;
    for (size_t i = 0; i < rows; i++) {
        const int32_t along = first + (int32_t) i;
        mtmd_decoder_pos at = {(uint32_t) along, (uint32_t) along, (uint32_t) along, (uint32_t) along};
        if (image != nullptr) at = mtmd_image_tokens_get_decoder_pos(image, first, i);
        target[i] = (int32_t) at.t;
        target[i + rows] = (int32_t) at.y;
        target[i + rows * 2] = (int32_t) at.x;
        target[i + rows * 3] = (int32_t) at.z;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Encoding in pieces. ggml asks before each operation of the graph whether we want to look at its result; where we do,
// everything up to it is computed first. So the graph is computed in groups of some milliseconds, and between two of
// them the encoding thread may be made to wait.

static constexpr double group_ms = 4;

struct tokenwire_encoder {
    enum class state { waiting, running, done };

    std::mutex mutex;
    std::condition_variable changed;
    state now = state::waiting;
    bool cancelled = false;
    int code = 1;
    clock_type::time_point pause_at;
    std::thread thread;

    // Of the encoding thread alone.
    double work = 0;
    clock_type::time_point group_began;

    // Waits until it is told to run. Returns whether to go on.
    bool wait_for_turn() {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [this] { return now == state::running || cancelled; });
        group_began = clock_type::now();
        return !cancelled;
    }

    bool after_group(double & group_work) {
        const auto at = clock_type::now();
        const double ms = std::chrono::duration<double, std::milli>(at - group_began).count();
        if (ms > 0) group_work = std::clamp(group_work * group_ms / ms, group_work / 4, group_work * 4);
        group_work = std::clamp(group_work, 1e5, 1e13);
        work = 0;
        group_began = at;
        {
            std::lock_guard<std::mutex> lock(mutex);
            if (cancelled) return false;
            if (at < pause_at) return true;
            now = state::waiting;
        }
        changed.notify_all();
        return wait_for_turn();
    }
};

struct tokenwire_pace {
    tokenwire_encoder * encoder = nullptr; // undefined outside of an encoding, as during the load
    double group_work = 1e8; // multiplications that take about group_ms, as far as seen
};

static double work_of(const ggml_tensor * node) {
    const double elements = (double) ggml_nelements(node);
    if ((node->op == GGML_OP_MUL_MAT || node->op == GGML_OP_MUL_MAT_ID || node->op == GGML_OP_CONV_2D) && node->src[0])
        return elements * (double) node->src[0]->ne[0];
    if (node->op == GGML_OP_FLASH_ATTN_EXT && node->src[1]) return 2 * elements * (double) node->src[1]->ne[1];
    return elements * 4;
}

TOKENWIRE_API bool tokenwire_pace_step(ggml_tensor * node, bool ask, void * data) {
    auto * pace = (tokenwire_pace *) data;
    if (pace->encoder == nullptr) return !ask;
    if (!ask) return pace->encoder->after_group(pace->group_work);
    pace->encoder->work += work_of(node);
    return pace->encoder->work >= pace->group_work;
}

TOKENWIRE_API tokenwire_pace * tokenwire_pace_create(void) {
    return new tokenwire_pace();
}

TOKENWIRE_API void tokenwire_pace_free(tokenwire_pace * pace) {
    delete pace;
}

// Begins to encode a chunk with a context whose cb_eval is tokenwire_pace_step on this pace. One at a time for each.
TOKENWIRE_API tokenwire_encoder * tokenwire_encoder_create(
        mtmd_context * context, const mtmd_input_chunk * chunk, tokenwire_pace * pace) {
    try {
        auto encoder = std::make_unique<tokenwire_encoder>();
        auto * it = encoder.get();
        it->thread = std::thread([=] {
            int code = 1;
            if (it->wait_for_turn()) {
                pace->encoder = it;
                try {
                    code = mtmd_encode_chunk(context, chunk);
                } catch (...) {
                    code = 1;
                }
                pace->encoder = nullptr;
            }
            {
                std::lock_guard<std::mutex> lock(it->mutex);
                it->code = it->cancelled ? 1 : code;
                it->now = tokenwire_encoder::state::done;
            }
            it->changed.notify_all();
        });
        return encoder.release();
    } catch (const std::exception &) {
        return nullptr;
    }
}

// Encodes for about so long. 0: done, and mtmd_get_output_embd has the result; 1: failed; 2: there is more to do.
TOKENWIRE_API int tokenwire_encoder_run(tokenwire_encoder * encoder, double ms) {
    std::unique_lock<std::mutex> lock(encoder->mutex);
    using state = tokenwire_encoder::state;
    if (encoder->now != state::done) {
        encoder->pause_at = clock_type::now() + std::chrono::microseconds((int64_t) (ms * 1000));
        encoder->now = state::running;
        encoder->changed.notify_all();
        encoder->changed.wait(lock, [encoder] { return encoder->now != state::running; });
    }
    return encoder->now == state::done ? encoder->code : 2;
}

// Ends it, also before it is done: then after the group that is being computed.
TOKENWIRE_API void tokenwire_encoder_free(tokenwire_encoder * encoder) {
    {
        std::lock_guard<std::mutex> lock(encoder->mutex);
        encoder->cancelled = true;
    }
    encoder->changed.notify_all();
    encoder->thread.join();
    delete encoder;
}

// ---------------------------------------------------------------------------------------------------------------------
// What a projector will take, by device, without loading it. Returns for how many devices, or -1 when it cannot be read.

TOKENWIRE_API int tokenwire_memory_use(
        const char * path, bool use_gpu, ggml_backend_dev_t device, uint64_t * devices, uint64_t * bytes, int max) {
    try {
        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = use_gpu;
        params.device = device;
        int count = 0;
        for (const auto & [at, size] : mtmd_get_memory_usage(path, params)) {
            if (count == max) break;
            devices[count] = (uint64_t) (uintptr_t) at;
            bytes[count++] = size;
        }
        return count;
    } catch (const std::exception &) {
        return -1;
    }
}
