/* level.cu - signs, majorities, ternary vectors and levels. What decides a bit stands in sim/kernel/number.h.
 *
 * A thread that makes bits takes eight coordinates and writes whole bytes: two draws of four words, neither shuffles nor alignment of planes.
 */
#include "sim/cuda/level.h"

#include "sim/cuda/map.h"
#include "sim/cuda/planes.h"
#include "sim/kernel/number.h"

enum { BYTE = 8 };

/* Coins for four coordinates i .. i + 3, i a multiple of 4, where `asked` has bits. */
static __device__ __forceinline__ unsigned toss(struct dsgd_rng_key key, size_t i, uint32_t step, uint32_t worker, unsigned asked)
{
    if (asked == 0) { return 0; } /* keyed draws need not be made */
    const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(i / 4), step, worker, 0);
    unsigned odd = 0;
GPU_UNROLL
    for (unsigned j = 0; j < 4; ++j) { odd |= (words.word[j] & 1) << j; }
    return odd & asked;
}

/* ---- signs ---- */

static __global__ void sign_pack_kernel(struct cuda_turn t, struct dsgd_array v, int zero, struct dsgd_rng_key key, struct dsgd_array out)
{
    const size_t n = v.count, i = BYTE * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    if (i >= n) { return; }
    for (uint32_t row = blockIdx.y; row < t.rows; row += gridDim.y) {
        unsigned minus = 0;
GPU_UNROLL
        for (unsigned half = 0; half < BYTE; half += 4) {
            float x[4] = {1.0f, 1.0f, 1.0f, 1.0f};
            const size_t at = i + half;
            unsigned below = 0, none = 0;
            if (at >= n) { break; }
            cuda_load4(cuda_row<const float>(v, row) + at, n - at < 4 ? (unsigned)(n - at) : 4, x);
GPU_UNROLL
            for (unsigned j = 0; j < 4; ++j) {
                below |= (unsigned)(x[j] < 0.0f) << j;
                none |= (unsigned)(x[j] == 0.0f) << j;
            }
            if (zero == CUDA_MINUS) { below |= none; }
            if (zero == CUDA_COIN) { below |= toss(key, at, t.step, cuda_worker(t, row), none); }
            minus |= below << half;
        }
        cuda_row<uint8_t>(out, row)[i / BYTE] = (uint8_t)minus;
    }
}

static void sign_pack(const struct cuda_turn *t, struct dsgd_array v, int zero, struct dsgd_rng_key key, struct dsgd_array out)
{
    if (v.count == 0) { return; }
    GPU_LAUNCH(sign_pack_kernel, cuda_grid_of(v.count, BYTE, t->rows), CUDA_THREADS, 0, cuda_stream(t), *t, v, zero, key, out);
    cuda_launched(t);
}

/* M minus signs of W messages win where 2 M > W and tie where 2 M = W: a comparison of the planes with W / 2 from the highest bit down. */
static __global__ void sign_pack_votes_kernel(struct cuda_turn t, struct cuda_votes votes, int tie, struct dsgd_rng_key key, struct dsgd_array out)
{
    const size_t words = plane_words(votes.n), w = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (w >= words) { return; }
    const uint32_t *const plane = static_cast<const uint32_t *>(votes.array.at) + w, half = votes.counted / 2;
    uint32_t above = 0, equal = UINT32_MAX;
    for (unsigned k = planes_for(votes.counted); k-- > 0;) {
        const uint32_t bit = plane[k * words], set = 0 - (half >> k & 1); /* all bits of the plane that the number would have */
        above |= equal & bit & ~set;
        equal &= ~(bit ^ set);
    }
    if (votes.counted % 2 == 0 && tie == CUDA_MINUS) { above |= equal; }
    if (votes.counted % 2 == 0 && tie == CUDA_COIN) {
        const size_t first = w * PLANE_WORD, here = votes.n - first < PLANE_WORD ? votes.n - first : (size_t)PLANE_WORD;
        for (unsigned j = 0; j < here; j += 4) { above |= toss(key, first + j, t.step, cuda_worker(t, 0), equal >> j & 0xf) << j; }
    }
    plane_store(cuda_row<uint8_t>(out, 0), w, votes.n, above);
}

static void sign_pack_votes(const struct cuda_turn *t, struct cuda_votes votes, int tie, struct dsgd_rng_key key, struct dsgd_array out)
{
    if (votes.n == 0) { return; }
    GPU_LAUNCH(sign_pack_votes_kernel, cuda_grid(plane_words(votes.n), 1), CUDA_THREADS, 0, cuda_stream(t), *t, votes, tie, key, out);
    cuda_launched(t);
}

struct nothing {};
struct unpack_one : map_of<struct map_minus, float> {
    unpack_one(struct dsgd_array signs, struct dsgd_array out_) : map_of<struct map_minus, float>{signs, out_} {}
    __device__ nothing unit(uint32_t, size_t) const { return {}; }
    __device__ float one(nothing, struct map_minus x, uint32_t) const { return x.minus ? -1.0f : 1.0f; }
};
static void sign_unpack(const struct cuda_turn *t, struct dsgd_array signs, struct dsgd_array out)
{
    map_groups(t, group_list_whole(out.count), unpack_one(signs, out));
}

struct subtract_one : map_of<float, float> {
    struct dsgd_array scale;
    bool zero_is_minus;
    subtract_one(struct dsgd_array v, struct dsgd_array scale_, bool minus) : map_of<float, float>{v, v}, scale(scale_), zero_is_minus(minus) {}
    __device__ float unit(uint32_t row, size_t group) const { return cuda_row<const float>(scale, row)[group]; }
    __device__ float one(float plus, float x, uint32_t) const
    {
        const bool minus = zero_is_minus ? x <= 0.0f : x < 0.0f;
        return x - (minus ? -plus : plus);
    }
};
static void sign_subtract(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array scale, int zero, struct dsgd_array v)
{
    map_groups(t, g, subtract_one(v, scale, zero == CUDA_MINUS));
}

/* ---- ternary vectors: plane of non-zeros, plane of negatives directly behind it ---- */

static __global__ void __launch_bounds__(CUDA_THREADS, 4) /* not the registers of two draws at once */
ternarise_kernel(struct cuda_turn t, struct group_list g, struct dsgd_array scale, struct dsgd_array v, struct dsgd_rng_key key, struct dsgd_array out)
{
    const size_t n = g.n, i = BYTE * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    if (i >= n) { return; }
    const size_t first = g.of(i), end = g.end(first);
    for (uint32_t row = blockIdx.y; row < t.rows; row += gridDim.y) {
        const float *const scales = cuda_row<const float>(scale, row);
        size_t group = first, stop = end;
        float unit = scales[group];
        double factor = dsgd_ternary_factor(unit);
        unsigned hit = 0, minus = 0;
GPU_UNROLL
        for (unsigned half = 0; half < BYTE; half += 4) {
            float x[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            const size_t at = i + half;
            if (at >= n) { break; }
            const unsigned here = n - at < 4 ? (unsigned)(n - at) : 4;
            cuda_load4(cuda_row<const float>(v, row) + at, here, x);
            const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(at / 4), t.step, cuda_worker(t, row), 0);
GPU_UNROLL
            for (unsigned j = 0; j < 4; ++j) {
                if (j >= here) { break; }
                if (at + j >= stop) {
                    do { stop = g.end(++group); } while (at + j >= stop);
                    unit = scales[group];
                    factor = dsgd_ternary_factor(unit);
                }
                const unsigned is = dsgd_ternary_hit(x[j], unit, factor, words.word[j]);
                hit |= is << (half + j);
                minus |= (is & (unsigned)(x[j] < 0.0f)) << (half + j);
            }
        }
        uint8_t *const plane = cuda_row<uint8_t>(out, row);
        plane[i / BYTE] = (uint8_t)hit;
        plane[(n + BYTE - 1) / BYTE + i / BYTE] = (uint8_t)minus;
    }
}

static void ternarise(const struct cuda_turn *t, const struct dsgd_groups *groups, struct dsgd_array scale, struct dsgd_array v, struct dsgd_rng_key key,
                      struct dsgd_array out)
{
    struct group_list g;
    if (!group_list_of(t->device, groups, &g) || g.n == 0) { return; }
    GPU_LAUNCH(ternarise_kernel, cuda_grid_of(g.n, BYTE, t->rows), CUDA_THREADS, 0, cuda_stream(t), *t, g, scale, v, key, out);
    cuda_launched(t);
}

/* ---- levels ---- */

struct quantise_one : map_of<float, int32_t> {
    struct dsgd_array norm;
    uint32_t s;
    struct dsgd_rng_key key;
    struct cuda_turn t;
    quantise_one(struct dsgd_array v, struct dsgd_array level, struct dsgd_array norm_, uint32_t s_, struct dsgd_rng_key key_, const struct cuda_turn &t_)
        : map_of<float, int32_t>{v, level}, norm(norm_), s(s_), key(key_), t(t_)
    {
    }
    __device__ struct dsgd_rng4 words(uint32_t row, uint32_t item) const { return dsgd_rng_draw(key, item, t.step, cuda_worker(t, row), 0); }
    __device__ double unit(uint32_t row, size_t group) const { return dsgd_level_factor(cuda_row<const float>(norm, row)[group], s); }
    __device__ int32_t one(double factor, float x, uint32_t word) const { return factor > 0.0 ? dsgd_level(x, factor, s, word) : 0; }
};
static void quantise(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array norm, uint32_t s, struct dsgd_array v, struct dsgd_rng_key key,
                     struct dsgd_array level)
{
    map_groups(t, g, quantise_one(v, level, norm, s, key, *t));
}

struct dequantise_one : map_of<int32_t, float> {
    struct dsgd_array norm;
    uint32_t s;
    dequantise_one(struct dsgd_array level, struct dsgd_array out_, struct dsgd_array norm_, uint32_t s_)
        : map_of<int32_t, float>{level, out_}, norm(norm_), s(s_)
    {
    }
    __device__ double unit(uint32_t row, size_t group) const { return dsgd_level_unit(cuda_row<const float>(norm, row)[group], s); }
    __device__ float one(double unit, int32_t level, uint32_t) const { return dsgd_level_value(level, unit); }
};
static void dequantise(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array norm, uint32_t s, struct dsgd_array level,
                       struct dsgd_array out)
{
    map_groups(t, g, dequantise_one(level, out, norm, s));
}

extern const struct cuda_level cuda_level_table;
const struct cuda_level cuda_level_table = {sign_pack, sign_pack_votes, sign_unpack, sign_subtract, ternarise, quantise, dequantise};
