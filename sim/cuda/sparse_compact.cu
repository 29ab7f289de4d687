/* sparse_compact.cu - sets that are found: what a sum of sparse vectors has seen, what two sets share. */
#include "sim/cuda/compact.h"
#include "sim/cuda/sparse_parts.h"

/* ---- a sum of sparse vectors ---- */

struct take_one {
    double factor;
    struct dsgd_array sum, seen, at, value;
    __device__ uint32_t word(uint32_t row, size_t w) const { return cuda_row<const uint32_t>(seen, row)[w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const
    {
        if (place >= at.count) { return; } /* cannot be: at most what all workers send */
        double *const total = cuda_row<double>(sum, row) + i;
        cuda_row<uint32_t>(at, row)[place] = (uint32_t)i;
        cuda_row<float>(value, row)[place] = (float)(factor * *total);
        *total = 0.0;
    }
    __device__ void done(uint32_t row, size_t w) const { cuda_row<uint32_t>(seen, row)[w] = 0; }
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(at, row) = n < at.count ? n : (uint32_t)at.count; }
};

void sparse_take(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array seen, struct dsgd_array at, struct dsgd_array value)
{
    const size_t words = (sum.count + COMPACT_WORD - 1) / COMPACT_WORD;
    uint32_t *const tile = static_cast<uint32_t *>(cuda_scratch(t->device, compact_room(words, t->rows) * sizeof *tile));
    if (tile) { compact(t, words, take_one{factor, sum, seen, at, value}, tile); }
}

/* ---- what is in both of two sets ---- */

static __device__ __forceinline__ bool contains(const uint32_t *index, uint32_t n, uint32_t i)
{
    uint32_t low = 0;
    for (uint32_t high = n; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (index[middle] < i) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && index[low] == i;
}

/* A bit for each coordinate of a: whether b has it. */
static __global__ void shared_kernel(uint32_t rows, struct dsgd_array a, struct dsgd_array b, size_t words, uint32_t *bits)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const bool is = j < *cuda_length(a, row) && contains(cuda_row<const uint32_t>(b, row), *cuda_length(b, row), cuda_row<const uint32_t>(a, row)[j]);
        const unsigned word = __ballot_sync(GPU_ALL_LANES, is);
        if (threadIdx.x % GPU_WARP == 0 && j < words * COMPACT_WORD) { bits[row * words + j / COMPACT_WORD] = word; }
    }
}

struct intersect_one {
    const uint32_t *bits;
    size_t words;
    struct dsgd_array a, made, out;
    __device__ uint32_t word(uint32_t row, size_t w) const { return bits[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { cuda_row<uint32_t>(made, row)[place] = cuda_row<const uint32_t>(a, row)[i]; }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(out, row) = n; }
};

void sparse_intersect(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out)
{
    const size_t words = (a.count + COMPACT_WORD - 1) / COMPACT_WORD, room = compact_room(words, t->rows), flags = t->rows * words;
    const bool away = out.at == a.at; /* blocks would overwrite what others have to read */
    uint32_t *const memory = static_cast<uint32_t *>(cuda_scratch(t->device, (room + flags + (away ? t->rows * a.count : 0)) * sizeof *memory));
    uint32_t *const bits = memory ? memory + room : NULL;
    struct dsgd_array made = out;
    if (!memory) { return; }
    if (away) {
        made.at = bits + flags;
        made.stride = a.count;
    }
    if (words > 0) { GPU_LAUNCH(shared_kernel, cuda_grid(a.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, a, b, words, bits); }
    compact(t, words, intersect_one{bits, words, a, made, out}, memory);
    if (away) { sparse_move(t, out, made, out); }
}
