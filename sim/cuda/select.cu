/* select.cu - coordinates of vectors by magnitude, and uniform choice. How: select_keys.h, select_heavy.h, draw.cu. */
#include "sim/cuda/select.h"

#include "sim/cuda/select_heavy.h"
#include "sim/kernel/number.h"

/* No coordinate at all. */
static __global__ void none_kernel(uint32_t rows, struct dsgd_array out)
{
    for (uint32_t row = blockIdx.x * CUDA_THREADS + threadIdx.x; row < rows; row += gridDim.x * CUDA_THREADS) { *cuda_length(out, row) = 0; }
}

static void none(const struct cuda_turn *t, struct dsgd_array out)
{
    GPU_LAUNCH(none_kernel, (t->rows + CUDA_THREADS - 1) / CUDA_THREADS, CUDA_THREADS, 0, cuda_stream(t), t->rows, out);
    cuda_launched(t);
}

/* Magnitudes of a vector. */
struct of_vector {
    size_t most;
    struct dsgd_array v;
    __device__ uint32_t n(uint32_t) const { return (uint32_t)v.count; }
    __device__ int32_t key(uint32_t row, size_t i) const { return dsgd_magnitude_key(cuda_row<const float>(v, row)[i]); }
    __device__ int32_t least(uint32_t) const { return 0; }
};

/* Magnitudes of a sparse vector's values. */
struct of_sparse {
    size_t most;
    struct dsgd_array at, v;
    __device__ uint32_t n(uint32_t row) const { return *cuda_length(at, row); }
    __device__ int32_t key(uint32_t row, size_t i) const { return dsgd_magnitude_key(cuda_row<const float>(v, row)[i]); }
    __device__ int32_t least(uint32_t) const { return 0; }
};

/* Chosen places become a set. */
template <class S> struct into_set : S {
    struct dsgd_array out;
    into_set(const S &s, const struct dsgd_array &out_) : S(s), out(out_) {}
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { cuda_row<uint32_t>(out, row)[place] = (uint32_t)i; }
    __device__ void emit_known(uint32_t row, size_t i, int32_t, uint32_t place) const { emit(row, i, place); }
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(out, row) = n; }
};

template <class S> static void largest(const struct cuda_turn *t, const S &s, size_t k, struct dsgd_array out)
{
    const size_t bytes = select_bytes(s.most, k, t->rows);
    void *const work = bytes > 0 ? cuda_scratch(t->device, bytes) : NULL;
    if (bytes > 0 && !work) { return; }
    select_largest(t, into_set<S>(s, out), (uint32_t)k, work);
}

static void topk(const struct cuda_turn *t, struct dsgd_array v, size_t k, struct dsgd_array out)
{
    if (k == 0) {
        none(t, out);
    } else {
        largest(t, of_vector{v.count, v}, k, out);
    }
}

static void topk_sparse(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, size_t k, struct dsgd_array places)
{
    if (k == 0) {
        none(t, places);
    } else {
        largest(t, of_sparse{at.count, at, value}, k, places);
    }
}

/* ---- all from a threshold on ---- */

static __global__ void at_least_kernel(uint32_t rows, struct dsgd_array v, int32_t least, size_t words, uint32_t *bits)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const unsigned word = __ballot_sync(GPU_ALL_LANES, i < v.count && dsgd_magnitude_key(cuda_row<const float>(v, row)[i]) >= least);
        if (threadIdx.x % GPU_WARP == 0 && i < words * COMPACT_WORD) { bits[row * words + i / COMPACT_WORD] = word; }
    }
}

struct bits_into_set {
    const uint32_t *bits;
    size_t words;
    struct dsgd_array out;
    __device__ uint32_t word(uint32_t row, size_t w) const { return bits[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { cuda_row<uint32_t>(out, row)[place] = (uint32_t)i; }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(out, row) = n; }
};

static void at_least(const struct cuda_turn *t, struct dsgd_array v, float threshold, struct dsgd_array out)
{
    const size_t words = select_words(v.count);
    const int32_t least = threshold > 0.0f ? dsgd_magnitude_key(threshold) : 0; /* every magnitude is at least 0 */
    uint32_t *const bits = static_cast<uint32_t *>(cuda_scratch(t->device, (t->rows * words + compact_room(words, t->rows)) * sizeof *bits));
    if (!bits) { return; }
    if (words > 0) { GPU_LAUNCH(at_least_kernel, cuda_grid(v.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, v, least, words, bits); }
    compact(t, words, bits_into_set{bits, words, out}, bits + t->rows * words);
}

/* ---- HEAVYMIX from estimates; uniform choice ---- */

static void heavymix(const struct cuda_turn *t, struct dsgd_array estimate, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key,
                     struct dsgd_array out, const struct dsgd_array *heavy)
{
    if (k == 0) {
        none(t, out);
        if (heavy) { none(t, *heavy); }
        return;
    }
    void *const work = cuda_scratch(t->device, select_heavy_bytes(estimate.count, k, t->rows));
    if (work) { select_heavy(t, of_vector{estimate.count, estimate}, norm2, k, key, out, heavy, work); }
    cuda_launched(t);
}

static void uniform(const struct cuda_turn *t, size_t n, size_t k, struct dsgd_rng_key key, struct dsgd_array out)
{
    if (k == 0) {
        none(t, out);
        return;
    }
    void *const work = cuda_scratch(t->device, draw_bytes(n, k, t->rows));
    if (work) { draw_fill(t, n, (uint32_t)k, key, NULL, 0, NULL, out, work); }
}

extern const struct cuda_select cuda_select_table;
const struct cuda_select cuda_select_table = {topk, topk_sparse, at_least, heavymix, uniform};
