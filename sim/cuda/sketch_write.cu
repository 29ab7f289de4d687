/* sketch_write.cu - tables of vectors and of chosen coordinates. A cell sums its coordinates in ascending order, in float, from +0 on.
 *
 * Of whole vectors the cells gather: a warp takes a segment of 64 cells and walks its blocks, two cells a lane, each cell of a block being
 * one coordinate; or it takes one cell of the textbook's, loads 32 of its coordinates at once, and adds them one after the other. Of
 * chosen coordinates the cells are scattered to, in rounds: of those that fall on one cell the first that is left goes next.
 */
#include "sim/cuda/sketch_parts.h"
#include "sim/kernel/number.h"

enum { WARPS = CUDA_THREADS / GPU_WARP, AHEAD = 4 };

static __global__ void blocks_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const size_t place = (size_t)blockIdx.x * WARPS + threadIdx.x / GPU_WARP;
    const uint32_t lane = threadIdx.x % GPU_WARP;
    if (place >= s.rows * s.places) { return; } /* whole warps */
    const uint32_t begin = s.first[place], end = s.first[place + 1];
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float *const x = cuda_row<const float>(v, row);
        float low = 0.0f, high = 0.0f; /* cells lane and lane + 32 */
        for (uint32_t e = begin; e < end; e += AHEAD) {
            float a[AHEAD], b[AHEAD];
            bool is_a[AHEAD], is_b[AHEAD];
GPU_UNROLL
            for (unsigned j = 0; j < AHEAD; ++j) { /* loads that do not wait for sums */
                is_a[j] = is_b[j] = false;
                if (e + j >= end) { continue; }
                const struct sketch_block at = s.entry[e + j];
                const uint32_t from = lane ^ at.lanes, other = from ^ 32;
                const size_t first = (size_t)at.block * DSGD_BLOCK;
                is_a[j] = first + from < s.n;
                is_b[j] = first + other < s.n;
                if (is_a[j]) { a[j] = dsgd_flip(x[first + from], (uint32_t)(at.signs >> from & 1) << 31); }
                if (is_b[j]) { b[j] = dsgd_flip(x[first + other], (uint32_t)(at.signs >> other & 1) << 31); }
            }
GPU_UNROLL
            for (unsigned j = 0; j < AHEAD; ++j) {
                if (is_a[j]) { low += a[j]; }
                if (is_b[j]) { high += b[j]; }
            }
        }
        float *const to = cuda_row<float>(table, row) + place * DSGD_BLOCK; /* rows of segments lie one behind the other */
        to[lane] = low;
        to[lane + 32] = high;
    }
}

static __global__ void cells_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const size_t place = (size_t)blockIdx.x * WARPS + threadIdx.x / GPU_WARP;
    const uint32_t lane = threadIdx.x % GPU_WARP;
    if (place >= s.rows * s.places) { return; } /* whole warps */
    const uint32_t begin = s.first[place], end = s.first[place + 1];
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float *const x = cuda_row<const float>(v, row);
        float sum = 0.0f;
        for (uint32_t e = begin; e < end; e += GPU_WARP) {
            const uint32_t here = end - e < GPU_WARP ? end - e : (uint32_t)GPU_WARP, at = lane < here ? s.coordinate[e + lane] : 0;
            const float mine = lane < here ? dsgd_flip(x[at & 0x7fffffffu], at) : 0.0f;
            for (uint32_t j = 0; j < here; ++j) { sum += __shfl_sync(GPU_ALL_LANES, mine, (int)j); }
        }
        if (lane == 0) { cuda_row<float>(table, row)[place] = sum; }
    }
}

void sketch_vector(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const dim3 grid((unsigned)((s.rows * s.places + WARPS - 1) / WARPS), t->rows < 65535 ? t->rows : 65535);
    if (s.of_blocks) {
        GPU_LAUNCH(blocks_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, s, v, table);
    } else {
        GPU_LAUNCH(cells_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, s, v, table);
    }
    cuda_launched(t);
}

/* ---- chosen coordinates ---- */

enum { FREE = -1 };

/* A block takes a row of a sketch. next: of each cell the lowest number among those that are left and fall there. */
static __global__ void some_kernel(uint32_t rows, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table,
                                   int32_t *next_of, uint8_t *left_of)
{
    GPU_SHARED(uint32_t, again, [2]); /* somebody is left, in turns: this round and the next */
    const size_t cells = (size_t)s.rows * s.cols;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t n = *cuda_length(at, row), *const index = cuda_row<const uint32_t>(at, row);
        const float *const x = cuda_row<const float>(value, row);
        float *const to = cuda_row<float>(table, row) + (size_t)blockIdx.x * s.cols;
        int32_t *const next = next_of + row * cells + (size_t)blockIdx.x * s.cols;
        uint8_t *const left = left_of + ((size_t)row * s.rows + blockIdx.x) * at.count;
        for (uint32_t j = threadIdx.x; j < n; j += CUDA_THREADS) { left[j] = 1; } /* each thread its own, in all rounds */
        bool any = n > 0;
        for (unsigned round = 0; any; ++round) { /* alike in all threads */
            if (threadIdx.x == 0) { again[round % 2] = 0; }
            __syncthreads();
            for (uint32_t j = threadIdx.x; j < n; j += CUDA_THREADS) {
                if (left[j]) { atomicMax(&next[sketch_cell(s, blockIdx.x, index[j]) & 0x7fffffffu], (int32_t)(INT32_MAX - j)); }
            }
            __syncthreads();
            for (uint32_t j = threadIdx.x; j < n; j += CUDA_THREADS) {
                if (!left[j]) { continue; }
                const uint32_t cell = sketch_cell(s, blockIdx.x, index[j]), bucket = cell & 0x7fffffffu;
                if (next[bucket] == (int32_t)(INT32_MAX - j)) {
                    to[bucket] += factor * dsgd_flip(x[j], cell);
                    left[j] = 2;
                } else {
                    atomicOr(&again[round % 2], 1u);
                }
            }
            __syncthreads();
            for (uint32_t j = threadIdx.x; j < n; j += CUDA_THREADS) {
                if (left[j] == 2) {
                    next[sketch_cell(s, blockIdx.x, index[j]) & 0x7fffffffu] = FREE;
                    left[j] = 0;
                }
            }
            any = again[round % 2] != 0;
        }
        __syncthreads();
    }
}

void sketch_add_some(const struct cuda_turn *t, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table)
{
    const size_t cells = (size_t)t->rows * s.rows * s.cols, flags = (size_t)t->rows * s.rows * at.count;
    if (at.count == 0) { return; }
    int32_t *const next = static_cast<int32_t *>(cuda_scratch(t->device, cells * sizeof *next + flags));
    if (!next) { return; }
    cuda_keep(t->device, cudaMemsetAsync(next, 0xff, cells * sizeof *next, cuda_stream(t))); /* FREE */
    GPU_LAUNCH(some_kernel, dim3(s.rows, t->rows < 65535 ? t->rows : 65535), CUDA_THREADS, 0, cuda_stream(t), t->rows, s, factor, at, value, table, next,
               reinterpret_cast<uint8_t *>(next + cells));
    cuda_launched(t);
}

static __global__ void clear_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array at, struct dsgd_array table)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        if (j >= *cuda_length(at, row)) { continue; }
        const uint32_t i = cuda_row<const uint32_t>(at, row)[j];
        for (uint32_t r = 0; r < s.rows; ++r) { /* several may clear one cell: an exchange, so that they may */
            atomicExch(reinterpret_cast<uint32_t *>(cuda_row<float>(table, row)) + (size_t)r * s.cols + (sketch_cell(s, r, i) & 0x7fffffffu), 0u);
        }
    }
}

void sketch_clear_some(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array at, struct dsgd_array table)
{
    if (at.count == 0) { return; }
    GPU_LAUNCH(clear_kernel, cuda_grid(at.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, s, at, table);
    cuda_launched(t);
}
